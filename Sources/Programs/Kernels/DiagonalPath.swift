import Compute

/// A path with l₂ = 0: the coupling matrix is a number times the identity, and input and output have `D` components.
enum DiagonalPath<T: KernelScalar, let D: Int>: PathKernel {
    typealias Scalar = T
    typealias Vector = T.Vector

    static func forward(
        _ group: borrowing EdgeGroup<T>, _ path: ConvolutionPlan<T>.Path, table: UnsafePointer<T>,
        features: UnsafePointer<T>, output: UnsafeMutablePointer<T>
    ) {
        let stride = path.weightsStride
        for block in 0..<path.vectors {
            let channel = block &* T.lanes
            let table = table + (path.weightOffset &+ channel)
            let features = features + (path.inputOffset &+ channel)
            let output = output + (path.outputOffset &+ channel)
            var sums = InlineArray<D, Vector>(repeating: .zero)
            for m in 0..<D { sums[m] = (output + m &* path.outputStride).vector }
            for k in 0..<group.count {
                let t = group.coupling(k) + path.slot &* T.lanes
                let radial = RadialWeights(
                    basis: group.basis + 4 &* k, row: table + group.tableRows[k], stride: stride)
                let x = radial.w * t[0]
                let h = features + group.atomRows[k]
                for m in 0..<D { sums[m] = sums[m].adding(x, times: (h + m &* path.inputStride).vector) }
            }
            for m in 0..<D { (output + m &* path.outputStride).vector = sums[m] }
        }
    }

    static func backward(
        _ group: borrowing EdgeGroup<T>, edges: Range<Int>, _ path: ConvolutionPlan<T>.Path,
        table: UnsafePointer<T>, source: SourceFeatures<T>, output: UnsafePointer<T>, gradients: PathGradients<T>
    ) {
        let harmonics = gradients.harmonics + path.firstHarmonic &* T.lanes
        for block in 0..<path.vectors {
            let channel = block &* T.lanes
            let table = table + (path.weightOffset &+ channel)
            let output = output + (path.outputOffset &+ channel)
            let features = source.row + (path.inputOffset &+ channel)
            var h = InlineArray<D, Vector>(repeating: .zero)
            for m in 0..<D { h[m] = (features + m &* path.inputStride).vector * path.factor }
            var sums = InlineArray<D, Vector>(repeating: .zero)
            for k in edges {
                let lane = k &- edges.lowerBound
                let t = (group.coupling(k) + path.slot &* T.lanes)[0]
                let y = (group.harmonics(k) + path.firstHarmonic &* T.lanes)[0]
                let radial = RadialWeights(
                    basis: group.basis + 4 &* k, row: table + group.tableRows[k], stride: path.weightsStride)
                let row = output + group.atomRows[k]
                let x = radial.w * t
                var z = Vector.zero
                for m in 0..<D {
                    let g = (row + m &* path.outputStride).vector
                    sums[m] = sums[m].adding(x, times: g)
                    z = z.adding(h[m], times: g)
                }
                harmonics[lane] = harmonics[lane].adding(radial.w, times: z)
                gradients.addBasis(radial, times: z * y, lane: lane)
            }
            guard let gradient = gradients.features.map({ $0 + (path.inputOffset &+ channel) }) else { continue }
            for m in 0..<D { (gradient + m &* path.inputStride).vector += sums[m] }
        }
    }

    static func features(
        _ group: borrowing EdgeGroup<T>, _ path: ConvolutionPlan<T>.Path, table: UnsafePointer<T>,
        output: UnsafePointer<T>, gradient: UnsafeMutablePointer<T>
    ) {
        for block in 0..<path.vectors {
            let channel = block &* T.lanes
            let table = table + (path.weightOffset &+ channel)
            let output = output + (path.outputOffset &+ channel)
            let gradient = gradient + (path.inputOffset &+ channel)
            var sums = InlineArray<D, Vector>(repeating: .zero)
            for m in 0..<D { sums[m] = (gradient + m &* path.inputStride).vector }
            for k in 0..<group.count {
                let t = (group.coupling(k) + path.slot &* T.lanes)[0]
                let radial = RadialWeights(
                    basis: group.basis + 4 &* k, row: table + group.tableRows[k], stride: path.weightsStride)
                let x = radial.w * t
                let row = output + group.atomRows[k]
                for m in 0..<D { sums[m] = sums[m].adding(x, times: (row + m &* path.outputStride).vector) }
            }
            for m in 0..<D { (gradient + m &* path.inputStride).vector = sums[m] }
        }
    }

    static func table(
        _ group: borrowing EdgeGroup<T>, _ path: ConvolutionPlan<T>.Path, features: UnsafePointer<T>,
        output: UnsafePointer<T>, gradient: UnsafeMutablePointer<T>
    ) {
        for block in 0..<path.vectors {
            let channel = block &* T.lanes
            let gradient = gradient + (path.weightOffset &+ channel)
            let features = features + (path.inputOffset &+ channel)
            let output = output + (path.outputOffset &+ channel)
            var g = InlineArray<D, Vector>(repeating: .zero)
            for m in 0..<D { g[m] = (output + m &* path.outputStride).vector }
            for k in 0..<group.count {
                let t = group.coupling(k) + path.slot &* T.lanes
                let h = features + group.atomRows[k]
                var s = Vector.zero
                for m in 0..<D { s = s.adding((h + m &* path.inputStride).vector, times: g[m]) }
                s *= t[0]
                addTable(group, k, path, s, to: gradient)
            }
        }
    }
}
