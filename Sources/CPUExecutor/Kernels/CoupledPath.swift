import Compute
import Programs

/// A path whose coupling matrix t[m₁, m₃] is dense, with `D1` = 2l₁+1 and `D3` = 2l₃+1 known to the compiler, so that
/// the loops over components are unrolled into registers.
enum CoupledPath<T: KernelScalar, let D1: Int, let D3: Int, let W: Int>: PathKernel {
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
            var sums = InlineArray<D3, Vector>(repeating: .zero)
            for m3 in 0..<D3 { sums[m3] = Vector(output + m3 &* path.outputStride) }
            for index in 0..<group.tileCount {
                let tile = group.tile(index)
                for lane in 0..<tile.count {
                    let t = tile.coupling(lane, of: path)
                    let radial = Radial(tile, lane, path, table)
                    let h = features + tile.atomRows[lane]
                    var u = InlineArray<D3, Vector>(repeating: .zero)
                    for m1 in 0..<D1 {
                        let x = Vector(h + m1 &* path.inputStride)
                        for m3 in 0..<D3 { u[m3] = u[m3].adding(t[(m1 &* D3 &+ m3) &* T.lanes], times: x) }
                    }
                    for m3 in 0..<D3 { sums[m3] = sums[m3].adding(radial.w, times: u[m3]) }
                }
            }
            for m3 in 0..<D3 { sums[m3].store(output + m3 &* path.outputStride) }
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
            let contracted = source.contracted + channel
            let step = path.vectors &* T.lanes
            var sums = InlineArray<D1, Vector>(repeating: .zero)
            for index in 0..<group.tileCount {
                let tile = group.tile(index)
                for lane in 0..<tile.count {
                    let radial = Radial(tile, lane, path, table)
                    let row = output + tile.atomRows[lane]
                    var g = InlineArray<D3, Vector>(repeating: .zero)
                    for m3 in 0..<D3 { g[m3] = Vector(row + m3 &* path.outputStride) }
                    if gradients.features != nil {
                        let t = tile.coupling(lane, of: path)
                        for m1 in 0..<D1 {
                            var v = g[0] * t[(m1 &* D3) &* T.lanes]
                            for m3 in 1..<D3 { v = v.adding(t[(m1 &* D3 &+ m3) &* T.lanes], times: g[m3]) }
                            sums[m1] = sums[m1].adding(radial.w, times: v)
                        }
                    }
                    let y = tile.harmonics(lane, of: path)
                    let harmonics = gradients.harmonics(tile.first &+ lane, of: path)
                    var s = Vector.zero
                    for m2 in 0..<path.d2 {
                        let h = contracted + m2 &* D3 &* step
                        var z = Vector(h) * g[0]
                        for m3 in 1..<D3 { z = z.adding(Vector(h + m3 &* step), times: g[m3]) }
                        s = s.adding(y[m2 &* T.lanes], times: z)
                        Vector.add(radial.w, times: z, to: &harmonics[m2])
                    }
                    Vector.add(radial.slope, times: s, to: &gradients.distance(tile.first &+ lane).pointee)
                }
            }
            guard let gradient = gradients.features.map({ $0 + (path.inputOffset &+ channel) }) else { continue }
            for m1 in 0..<D1 { sums[m1].add(to: gradient + m1 &* path.inputStride) }
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
            var sums = InlineArray<D1, Vector>(repeating: .zero)
            for m1 in 0..<D1 { sums[m1] = Vector(gradient + m1 &* path.inputStride) }
            for index in 0..<group.tileCount {
                let tile = group.tile(index)
                for lane in 0..<tile.count {
                    let t = tile.coupling(lane, of: path)
                    let radial = Radial(tile, lane, path, table)
                    let row = output + tile.atomRows[lane]
                    var g = InlineArray<D3, Vector>(repeating: .zero)
                    for m3 in 0..<D3 { g[m3] = Vector(row + m3 &* path.outputStride) }
                    for m1 in 0..<D1 {
                        var v = g[0] * t[(m1 &* D3) &* T.lanes]
                        for m3 in 1..<D3 { v = v.adding(t[(m1 &* D3 &+ m3) &* T.lanes], times: g[m3]) }
                        sums[m1] = sums[m1].adding(radial.w, times: v)
                    }
                }
            }
            for m1 in 0..<D1 { sums[m1].store(gradient + m1 &* path.inputStride) }
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
            var g = InlineArray<D3, Vector>(repeating: .zero)
            for m3 in 0..<D3 { g[m3] = Vector(output + m3 &* path.outputStride) }
            for index in 0..<group.tileCount {
                let tile = group.tile(index)
                for lane in 0..<tile.count {
                    let t = tile.coupling(lane, of: path)
                    let h = features + tile.atomRows[lane]
                    var s = Vector.zero
                    for m1 in 0..<D1 {
                        var v = g[0] * t[(m1 &* D3) &* T.lanes]
                        for m3 in 1..<D3 { v = v.adding(t[(m1 &* D3 &+ m3) &* T.lanes], times: g[m3]) }
                        s = s.adding(Vector(h + m1 &* path.inputStride), times: v)
                    }
                    addTable(tile, lane, path, s, to: gradient)
                }
            }
        }
    }
}
