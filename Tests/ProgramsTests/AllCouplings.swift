import Programs

extension Convolution {
    /// Every coupling of degrees once, with so many channels of each input degree.
    static func ofAllCouplings(channels: (Int) -> Int) -> Convolution {
        let degrees = 0...largestDegree
        let input = Layout.features(degrees.map { (l: $0, multiplicity: channels($0)) })
        var paths: [PathDescription] = []
        for l1 in degrees {
            for l2 in degrees {
                for l3 in abs(l1 - l2)...min(l1 + l2, largestDegree) {
                    paths.append(.init(inputBlock: l1, lHarmonic: l2, lOutput: l3, outputGroup: l3))
                }
            }
        }
        return Convolution(lMax: largestDegree, input: input, paths: paths)
    }
}
