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
                let radial = RadialWeights(basis: group.basis + 4 &* k, row: table + group.tableRows[k], stride: stride)
                let x = radial.w * t[0]
                let h = features + group.atomRows[k]
                for m in 0..<D { sums[m] = sums[m].adding(x, times: (h + m &* path.inputStride).vector) }
            }
            for m in 0..<D { (output + m &* path.outputStride).vector = sums[m] }
        }
    }

    static func backward(
        _ group: borrowing EdgeGroup<T>, edges: Range<Int>, _ path: ConvolutionPlan<T>.Path,
        table: UnsafePointer<T>, features: UnsafePointer<T>, output: UnsafePointer<T>, gradients: PathGradients<T>
    ) {
        let stride = path.weightsStride
        for block in 0..<path.vectors {
            let channel = block &* T.lanes
            let table = table + (path.weightOffset &+ channel)
            let output = output + (path.outputOffset &+ channel)
            let features = features + (path.inputOffset &+ channel)
            var h = InlineArray<D, Vector>(repeating: .zero)
            var gradient = InlineArray<D, Vector>(repeating: .zero)
            for m in 0..<D { h[m] = (features + m &* path.inputStride).vector }
            for k in edges {
                let t = group.coupling(k) + path.slot &* T.lanes
                let radial = RadialWeights(basis: group.basis + 4 &* k, row: table + group.tableRows[k], stride: stride)
                let row = output + group.atomRows[k]
                let x = radial.w * t[0]
                var s = Vector.zero
                for m in 0..<D {
                    let g = (row + m &* path.outputStride).vector
                    gradient[m] = gradient[m].adding(x, times: g)
                    s = s.adding(h[m], times: g)
                }
                let lane = k &- edges.lowerBound
                if let sums = gradients.basis {
                    let sums = sums + lane
                    let s = s * t[0]
                    sums[0] = sums[0].adding(radial.r0, times: s)
                    sums[T.lanes] = sums[T.lanes].adding(radial.r1, times: s)
                    sums[2 &* T.lanes] = sums[2 &* T.lanes].adding(radial.r2, times: s)
                    sums[3 &* T.lanes] = sums[3 &* T.lanes].adding(radial.r3, times: s)
                }
                if let sums = gradients.couplings {
                    sums[lane] = block == 0 ? radial.w * s : sums[lane].adding(radial.w, times: s)
                }
            }
            if let features = gradients.features {
                let place = features + (path.inputOffset &+ channel)
                for m in 0..<D { (place + m &* path.inputStride).vector += gradient[m] }
            }
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
                let basis = group.basis + 4 &* k
                var row = gradient + group.tableRows[k]
                for q in 0..<4 {
                    row.vector = row.vector.adding(basis[q], times: s)
                    row += path.weightsStride
                }
            }
        }
    }
}
