import Compute

/// A path whose coupling matrix t[m₁, m₃] is dense, with `D1` = 2l₁+1 and `D3` = 2l₃+1 known to the compiler, so that
/// the loops over components are unrolled into registers.
enum CoupledPath<T: KernelScalar, let D1: Int, let D3: Int>: PathKernel {
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
            var sums = InlineArray<D3, Vector>(repeating: .zero)
            for m3 in 0..<D3 { sums[m3] = (output + m3 &* path.outputStride).vector }
            for k in 0..<group.count {
                let t = group.coupling(k) + path.slot &* T.lanes
                let radial = RadialWeights(basis: group.basis + 4 &* k, row: table + group.tableRows[k], stride: stride)
                let h = features + group.atomRows[k]
                var u = InlineArray<D3, Vector>(repeating: .zero)
                for m1 in 0..<D1 {
                    let x = (h + m1 &* path.inputStride).vector
                    for m3 in 0..<D3 { u[m3] = u[m3].adding(t[(m1 &* D3 &+ m3) &* T.lanes], times: x) }
                }
                for m3 in 0..<D3 { sums[m3] = sums[m3].adding(radial.w, times: u[m3]) }
            }
            for m3 in 0..<D3 { (output + m3 &* path.outputStride).vector = sums[m3] }
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
            var h = InlineArray<D1, Vector>(repeating: .zero)
            var gradient = InlineArray<D1, Vector>(repeating: .zero)
            for m1 in 0..<D1 { h[m1] = (features + m1 &* path.inputStride).vector }
            for k in edges {
                let t = group.coupling(k) + path.slot &* T.lanes
                let radial = RadialWeights(basis: group.basis + 4 &* k, row: table + group.tableRows[k], stride: stride)
                let row = output + group.atomRows[k]
                var g = InlineArray<D3, Vector>(repeating: .zero)
                for m3 in 0..<D3 { g[m3] = (row + m3 &* path.outputStride).vector }
                var s = Vector.zero
                for m1 in 0..<D1 {
                    var v = g[0] * t[(m1 &* D3) &* T.lanes]
                    for m3 in 1..<D3 { v = v.adding(t[(m1 &* D3 &+ m3) &* T.lanes], times: g[m3]) }
                    gradient[m1] = gradient[m1].adding(radial.w, times: v)
                    s = s.adding(h[m1], times: v)
                }
                let lane = k &- edges.lowerBound
                if let sums = gradients.basis {
                    let sums = sums + lane
                    sums[0] = sums[0].adding(radial.r0, times: s)
                    sums[T.lanes] = sums[T.lanes].adding(radial.r1, times: s)
                    sums[2 &* T.lanes] = sums[2 &* T.lanes].adding(radial.r2, times: s)
                    sums[3 &* T.lanes] = sums[3 &* T.lanes].adding(radial.r3, times: s)
                }
                if let sums = gradients.couplings {
                    let sums = sums + lane
                    for m1 in 0..<D1 {
                        let x = radial.w * h[m1]
                        for m3 in 0..<D3 {
                            let slot = (m1 &* D3 &+ m3) &* T.lanes
                            sums[slot] = block == 0 ? x * g[m3] : sums[slot].adding(x, times: g[m3])
                        }
                    }
                }
            }
            if let features = gradients.features {
                let place = features + (path.inputOffset &+ channel)
                for m1 in 0..<D1 { (place + m1 &* path.inputStride).vector += gradient[m1] }
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
            var g = InlineArray<D3, Vector>(repeating: .zero)
            for m3 in 0..<D3 { g[m3] = (output + m3 &* path.outputStride).vector }
            for k in 0..<group.count {
                let t = group.coupling(k) + path.slot &* T.lanes
                let h = features + group.atomRows[k]
                var s = Vector.zero
                for m1 in 0..<D1 {
                    var v = g[0] * t[(m1 &* D3) &* T.lanes]
                    for m3 in 1..<D3 { v = v.adding(t[(m1 &* D3 &+ m3) &* T.lanes], times: g[m3]) }
                    s = s.adding((h + m1 &* path.inputStride).vector, times: v)
                }
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
