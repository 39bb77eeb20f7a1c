import Compute
import Programs

/// A path with l₂ = 0, where Y = 1: the coupling matrix is a number times the identity, and input and output have `D`
/// components.
enum DiagonalPath<T: KernelScalar, let D: Int, let W: Int>: PathKernel {
    typealias Scalar = T
    typealias Vector = Channels<T, W>
    typealias Radial = RadialWeights<T, W>

    static func forward(
        _ group: borrowing EdgeGroup<T>, _ path: ConvolutionPlan<T>.Path, table: UnsafePointer<T>,
        features: UnsafePointer<T>, output: UnsafeMutablePointer<T>
    ) {
        for block in 0..<path.vectors / W {
            let channel = block &* W &* T.lanes
            let table = table + (path.weightOffset &+ channel)
            let features = features + (path.inputOffset &+ channel)
            let output = output + (path.outputOffset &+ channel)
            var sums = InlineArray<D, Vector>(repeating: .zero)
            for m in 0..<D { sums[m] = Vector(output + m &* path.outputStride) }
            for index in 0..<group.tileCount {
                let tile = group.tile(index)
                for lane in 0..<tile.count {
                    let radial = Radial(tile, lane, path, table)
                    let x = radial.w * path.factor
                    let h = features + tile.atomRows[lane]
                    for m in 0..<D { sums[m] = sums[m].adding(x, times: Vector(h + m &* path.inputStride)) }
                }
            }
            for m in 0..<D { sums[m].store(output + m &* path.outputStride) }
        }
    }

    static func backward(
        _ group: borrowing EdgeGroup<T>, _ path: ConvolutionPlan<T>.Path, table: UnsafePointer<T>,
        source: SourceFeatures<T>, output: UnsafePointer<T>, gradients: PathGradients<T>
    ) {
        for block in 0..<path.vectors / W {
            let channel = block &* W &* T.lanes
            let table = table + (path.weightOffset &+ channel)
            let output = output + (path.outputOffset &+ channel)
            let features = source.row + (path.inputOffset &+ channel)
            var h = InlineArray<D, Vector>(repeating: .zero)
            for m in 0..<D { h[m] = Vector(features + m &* path.inputStride) * path.factor }
            var sums = InlineArray<D, Vector>(repeating: .zero)
            for index in 0..<group.tileCount {
                let tile = group.tile(index)
                for lane in 0..<tile.count {
                    let radial = Radial(tile, lane, path, table)
                    let row = output + tile.atomRows[lane]
                    var z = Vector.zero
                    for m in 0..<D {
                        let g = Vector(row + m &* path.outputStride)
                        sums[m] = sums[m].adding(radial.w, times: g)
                        z = z.adding(h[m], times: g)
                    }
                    Vector.add(radial.slope, times: z, to: &gradients.distance(tile.first &+ lane).pointee)
                }
            }
            guard let gradient = gradients.features.map({ $0 + (path.inputOffset &+ channel) }) else { continue }
            for m in 0..<D { (sums[m] * path.factor).add(to: gradient + m &* path.inputStride) }
        }
    }

    static func features(
        _ group: borrowing EdgeGroup<T>, _ path: ConvolutionPlan<T>.Path, table: UnsafePointer<T>,
        output: UnsafePointer<T>, gradient: UnsafeMutablePointer<T>
    ) {
        for block in 0..<path.vectors / W {
            let channel = block &* W &* T.lanes
            let table = table + (path.weightOffset &+ channel)
            let output = output + (path.outputOffset &+ channel)
            let gradient = gradient + (path.inputOffset &+ channel)
            var sums = InlineArray<D, Vector>(repeating: .zero)
            for m in 0..<D { sums[m] = Vector(gradient + m &* path.inputStride) }
            for index in 0..<group.tileCount {
                let tile = group.tile(index)
                for lane in 0..<tile.count {
                    let radial = Radial(tile, lane, path, table)
                    let x = radial.w * path.factor
                    let row = output + tile.atomRows[lane]
                    for m in 0..<D { sums[m] = sums[m].adding(x, times: Vector(row + m &* path.outputStride)) }
                }
            }
            for m in 0..<D { sums[m].store(gradient + m &* path.inputStride) }
        }
    }

    static func table(
        _ group: borrowing EdgeGroup<T>, _ path: ConvolutionPlan<T>.Path, features: UnsafePointer<T>,
        output: UnsafePointer<T>, gradient: UnsafeMutablePointer<T>
    ) {
        for block in 0..<path.vectors / W {
            let channel = block &* W &* T.lanes
            let gradient = gradient + (path.weightOffset &+ channel)
            let features = features + (path.inputOffset &+ channel)
            let output = output + (path.outputOffset &+ channel)
            var g = InlineArray<D, Vector>(repeating: .zero)
            for m in 0..<D { g[m] = Vector(output + m &* path.outputStride) * path.factor }
            for index in 0..<group.tileCount {
                let tile = group.tile(index)
                for lane in 0..<tile.count {
                    let h = features + tile.atomRows[lane]
                    var s = Vector.zero
                    for m in 0..<D { s = s.adding(Vector(h + m &* path.inputStride), times: g[m]) }
                    addTable(tile, lane, path, s, to: gradient)
                }
            }
        }
    }
}
