import Compute
import Programs

/// A path with l₁ = 0: scalars times harmonics, whose coupling matrix is one row C Y[m₃] with `D` = 2l₃+1.
enum ScalarPath<T: KernelScalar, let D: Int, let W: Int>: PathKernel {
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
                    let y = tile.harmonics(lane, of: path)
                    let radial = Radial(tile, lane, path, table)
                    let x = radial.w * Vector(features + tile.atomRows[lane]) * path.factor
                    for m in 0..<D { sums[m] = sums[m].adding(y[m &* T.lanes], times: x) }
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
            let h = Vector(source.row + (path.inputOffset &+ channel)) * path.factor
            var sum = Vector.zero
            for index in 0..<group.tileCount {
                let tile = group.tile(index)
                for lane in 0..<tile.count {
                    let y = tile.harmonics(lane, of: path)
                    let radial = Radial(tile, lane, path, table)
                    let row = output + tile.atomRows[lane]
                    let x = radial.w * h
                    let harmonics = gradients.harmonics(tile.first &+ lane, of: path)
                    var v = Vector.zero
                    for m in 0..<D {
                        let g = Vector(row + m &* path.outputStride)
                        v = v.adding(y[m &* T.lanes], times: g)
                        Vector.add(x, times: g, to: &harmonics[m])
                    }
                    sum = sum.adding(radial.w, times: v)
                    Vector.add(radial.slope, times: h * v, to: &gradients.distance(tile.first &+ lane).pointee)
                }
            }
            guard let gradient = gradients.features.map({ $0 + (path.inputOffset &+ channel) }) else { continue }
            (sum * path.factor).add(to: gradient)
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
            var sum = Vector.zero
            for index in 0..<group.tileCount {
                let tile = group.tile(index)
                for lane in 0..<tile.count {
                    let y = tile.harmonics(lane, of: path)
                    let radial = Radial(tile, lane, path, table)
                    let row = output + tile.atomRows[lane]
                    var v = Vector.zero
                    for m in 0..<D { v = v.adding(y[m &* T.lanes], times: Vector(row + m &* path.outputStride)) }
                    sum = sum.adding(radial.w, times: v)
                }
            }
            (sum * path.factor).add(to: gradient)
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
                    let y = tile.harmonics(lane, of: path)
                    var v = g[0] * y[0]
                    for m in 1..<D { v = v.adding(y[m &* T.lanes], times: g[m]) }
                    let s = v * Vector(features + tile.atomRows[lane])
                    addTable(tile, lane, path, s, to: gradient)
                }
            }
        }
    }
}
