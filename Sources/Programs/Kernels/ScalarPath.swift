import Compute

/// A path with l₁ = 0: scalars times harmonics, whose coupling matrix is one row t[m₃] = C Y[m₃] with `D` = 2l₃+1.
enum ScalarPath<T: KernelScalar, let D: Int>: PathKernel {
    typealias Scalar = T
    typealias Vector = T.Vector

    static func forward(
        _ group: borrowing EdgeGroup<T>, _ path: ConvolutionPlan<T>.Path, table: UnsafePointer<T>,
        features: UnsafePointer<T>, output: UnsafeMutablePointer<T>
    ) {
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
                    basis: group.basis + 4 &* k, row: table + group.tableRows[k], stride: path.weightsStride)
                let x = radial.w * (features + group.atomRows[k]).vector
                for m in 0..<D { sums[m] = sums[m].adding(t[m &* T.lanes], times: x) }
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
            let h = (source.row + (path.inputOffset &+ channel)).vector
            let scaled = h * path.factor
            var sum = Vector.zero
            for k in edges {
                let lane = k &- edges.lowerBound
                let t = group.coupling(k) + path.slot &* T.lanes
                let radial = RadialWeights(
                    basis: group.basis + 4 &* k, row: table + group.tableRows[k], stride: path.weightsStride)
                let row = output + group.atomRows[k]
                let x = radial.w * scaled
                var v = Vector.zero
                for m in 0..<D {
                    let g = (row + m &* path.outputStride).vector
                    v = v.adding(t[m &* T.lanes], times: g)
                    let place = m &* T.lanes &+ lane
                    harmonics[place] = harmonics[place].adding(x, times: g)
                }
                sum = sum.adding(radial.w, times: v)
                gradients.addBasis(radial, times: h * v, lane: lane)
            }
            guard let gradient = gradients.features.map({ $0 + (path.inputOffset &+ channel) }) else { continue }
            gradient.vector += sum
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
            var sum = gradient.vector
            for k in 0..<group.count {
                let t = group.coupling(k) + path.slot &* T.lanes
                let radial = RadialWeights(
                    basis: group.basis + 4 &* k, row: table + group.tableRows[k], stride: path.weightsStride)
                let row = output + group.atomRows[k]
                var v = Vector.zero
                for m in 0..<D { v = v.adding(t[m &* T.lanes], times: (row + m &* path.outputStride).vector) }
                sum = sum.adding(radial.w, times: v)
            }
            gradient.vector = sum
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
                var v = g[0] * t[0]
                for m in 1..<D { v = v.adding(t[m &* T.lanes], times: g[m]) }
                let s = v * (features + group.atomRows[k]).vector
                addTable(group, k, path, s, to: gradient)
            }
        }
    }
}
