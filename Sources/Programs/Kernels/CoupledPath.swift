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
                let radial = RadialWeights(
                    basis: group.basis + 4 &* k, row: table + group.tableRows[k], stride: stride)
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
        table: UnsafePointer<T>, source: SourceFeatures<T>, output: UnsafePointer<T>, gradients: PathGradients<T>
    ) {
        let harmonics = gradients.harmonics + path.firstHarmonic &* T.lanes
        for block in 0..<path.vectors {
            let channel = block &* T.lanes
            let table = table + (path.weightOffset &+ channel)
            let output = output + (path.outputOffset &+ channel)
            let contracted = source.contracted + block &* path.d2 &* D3 &* T.lanes
            var sums = InlineArray<D1, Vector>(repeating: .zero)
            for k in edges {
                let lane = k &- edges.lowerBound
                let radial = RadialWeights(
                    basis: group.basis + 4 &* k, row: table + group.tableRows[k], stride: path.weightsStride)
                let row = output + group.atomRows[k]
                var g = InlineArray<D3, Vector>(repeating: .zero)
                for m3 in 0..<D3 { g[m3] = (row + m3 &* path.outputStride).vector }
                if gradients.features != nil {
                    let t = group.coupling(k) + path.slot &* T.lanes
                    for m1 in 0..<D1 {
                        var v = g[0] * t[(m1 &* D3) &* T.lanes]
                        for m3 in 1..<D3 { v = v.adding(t[(m1 &* D3 &+ m3) &* T.lanes], times: g[m3]) }
                        sums[m1] = sums[m1].adding(radial.w, times: v)
                    }
                }
                let y = group.harmonics(k) + path.firstHarmonic &* T.lanes
                var s = Vector.zero
                for m2 in 0..<path.d2 {
                    let h = contracted + m2 &* D3 &* T.lanes
                    var z = h.vector * g[0]
                    for m3 in 1..<D3 { z = z.adding((h + m3 &* T.lanes).vector, times: g[m3]) }
                    s = s.adding(y[m2 &* T.lanes], times: z)
                    let place = m2 &* T.lanes &+ lane
                    harmonics[place] = harmonics[place].adding(radial.w, times: z)
                }
                gradients.addBasis(radial, times: s, lane: lane)
            }
            guard let gradient = gradients.features.map({ $0 + (path.inputOffset &+ channel) }) else { continue }
            for m1 in 0..<D1 { (gradient + m1 &* path.inputStride).vector += sums[m1] }
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
            var sums = InlineArray<D1, Vector>(repeating: .zero)
            for m1 in 0..<D1 { sums[m1] = (gradient + m1 &* path.inputStride).vector }
            for k in 0..<group.count {
                let t = group.coupling(k) + path.slot &* T.lanes
                let radial = RadialWeights(
                    basis: group.basis + 4 &* k, row: table + group.tableRows[k], stride: path.weightsStride)
                let row = output + group.atomRows[k]
                var g = InlineArray<D3, Vector>(repeating: .zero)
                for m3 in 0..<D3 { g[m3] = (row + m3 &* path.outputStride).vector }
                for m1 in 0..<D1 {
                    var v = g[0] * t[(m1 &* D3) &* T.lanes]
                    for m3 in 1..<D3 { v = v.adding(t[(m1 &* D3 &+ m3) &* T.lanes], times: g[m3]) }
                    sums[m1] = sums[m1].adding(radial.w, times: v)
                }
            }
            for m1 in 0..<D1 { (gradient + m1 &* path.inputStride).vector = sums[m1] }
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
                addTable(group, k, path, s, to: gradient)
            }
        }
    }
}
