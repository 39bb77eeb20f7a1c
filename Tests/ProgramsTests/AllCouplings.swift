@testable import CPUExecutor
@testable import Programs

extension Convolution {
    /// Every coupling of degrees up to 4 once, with so many channels of each input degree.
    static func ofAllCouplings(channels: (Int) -> Int) -> Convolution {
        let input = Layout.features((0...4).map { (l: $0, multiplicity: channels($0)) })
        var paths: [PathDescription] = []
        for l1 in 0...4 {
            for l2 in 0...4 {
                for l3 in abs(l1 - l2)...min(l1 + l2, 4) {
                    paths.append(.init(inputBlock: l1, lHarmonic: l2, lOutput: l3, outputGroup: l3))
                }
            }
        }
        return Convolution(lMax: 4, input: input, paths: paths)
    }
}
