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
        table: UnsafePointer<T>, features: UnsafePointer<T>, output: UnsafePointer<T>, gradients: PathGradients<T>
    ) {
        let table = table + path.weightOffset
        let output = output + path.outputOffset
        let features = features + path.inputOffset
        let gradient = gradients.features + path.inputOffset
        for k in edges {
            let t = (group.coupling(k) + path.slot &* T.lanes)[0]
            let lane = k &- edges.lowerBound
            let basis = gradients.basis + lane
            var (b0, b1, b2, b3) = (basis[0], basis[T.lanes], basis[2 &* T.lanes], basis[3 &* T.lanes])
            var sum = Vector.zero
            for block in 0..<path.vectors {
                let channel = block &* T.lanes
                let radial = RadialWeights(
                    basis: group.basis + 4 &* k, row: table + (group.tableRows[k] &+ channel),
                    stride: path.weightsStride)
                let row = output + (group.atomRows[k] &+ channel)
                let x = radial.w * t
                var s = Vector.zero
                for m in 0..<D {
                    let g = (row + m &* path.outputStride).vector
                    let place = m &* path.inputStride &+ channel
                    (gradient + place).vector = (gradient + place).vector.adding(x, times: g)
                    s = s.adding((features + place).vector, times: g)
                }
                sum = sum.adding(radial.w, times: s)
                s *= t
                b0 = b0.adding(radial.r0, times: s)
                b1 = b1.adding(radial.r1, times: s)
                b2 = b2.adding(radial.r2, times: s)
                b3 = b3.adding(radial.r3, times: s)
            }
            (basis[0], basis[T.lanes], basis[2 &* T.lanes], basis[3 &* T.lanes]) = (b0, b1, b2, b3)
            gradients.couplings[lane] = sum
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
