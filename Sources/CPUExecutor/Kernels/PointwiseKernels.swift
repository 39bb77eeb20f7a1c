import Compute
import Programs

/// Functions of one number and their derivatives, a vector of channels at a time (see `Activation`).
enum PointwiseKernels<T: KernelScalar> {
    typealias Vector = T.Vector

    /// Where the derivatives go, by their order; `nil` where nobody wants one.
    typealias Outputs = InlineArray<4, UnsafeMutablePointer<T>?>

    /// `out_k = factor · f⁽ᵏ⁾(x)` on some columns of some rows, which start aligned; whole vectors are written.
    static func apply(
        _ activation: Activation, x: UnsafePointer<T>, _ outputs: Outputs, rows: Range<Int>, inputStride: Int,
        outputStride: Int, columns: Range<Int>
    ) {
        for row in rows {
            // Positions count from the beginning of the outputs.
            let shifted = x + row &* (inputStride &- outputStride)
            apply(
                activation, x: shifted, outputs, first: row &* outputStride &+ columns.lowerBound,
                count: columns.count)
        }
    }

    /// On `count` scalars from `first` on.
    @inline(__always)
    private static func apply(
        _ activation: Activation, x: UnsafePointer<T>, _ outputs: Outputs, first: Int, count: Int
    ) {
        let factor = Vector(repeating: T(activation.factor))
        switch activation.function {
        case .identity:
            map(x, outputs, first, count) { x in
                x
            } derivatives: { order, x, _ in
                order == 0 ? factor * x : order == 1 ? factor : .zero
            }
        case .silu:
            // With s = 1/(1 + e⁻ˣ), p = s(1 − s), q = 1 − 2s:
            // f = xs, f′ = s + xp, f″ = p(2 + xq), f‴ = p(q(3 + xq) − 2xp).
            map(x, outputs, first, count) { x in
                1 / (1 + T.exponential(-x))
            } derivatives: { order, x, s in
                if order == 0 { return factor * x * s }
                let p = s * (1 - s)
                if order == 1 { return factor * (s + x * p) }
                let q = 1 - 2 * s
                return factor * p * (order == 2 ? 2 + x * q : q * (3 + x * q) - 2 * x * p)
            }
        case .tanh:
            // With t = tanh x and u = 1 − t²: f′ = u, f″ = −2tu, f‴ = u(6t² − 2).
            map(x, outputs, first, count) { x in
                1 - 2 / (T.exponential(2 * x) + 1)
            } derivatives: { order, _, t in
                if order == 0 { return factor * t }
                let u = 1 - t * t
                return factor * u * (order == 1 ? Vector(repeating: 1) : order == 2 ? -2 * t : 6 * t * t - 2)
            }
        case .inverseRoot:
            // With y = 1/√x: f′ = −y³/2, f″ = 3y⁵/4, f‴ = −15y⁷/8.
            map(x, outputs, first, count) { x in
                1 / x.squareRoot()
            } derivatives: { order, _, y in
                let square = y * y
                if order == 0 { return factor * y }
                let slope = factor * y * square * -0.5
                return order == 1 ? slope : order == 2 ? slope * square * -1.5 : slope * square * square * 3.75
            }
        case .sine:
            for order in 0..<4 {
                guard let output = outputs[order] else { continue }
                let scale = T(activation.factor) * (order < 2 ? 1 : -1)
                for k in first..<first + count {
                    output[k] = scale * (order.isMultiple(of: 2) ? T.sine(x[k]) : T.cosine(x[k]))
                }
            }
        }
    }

    /// `derivatives` gets the order, x and what `shared` makes of x for all orders.
    @inline(__always)
    private static func map(
        _ x: UnsafePointer<T>, _ outputs: Outputs, _ first: Int, _ count: Int, _ shared: (Vector) -> Vector,
        derivatives: (Int, Vector, Vector) -> Vector
    ) {
        var k = first
        while k < first &+ count {
            let x = (x + k).vector
            let s = shared(x)
            if let output = outputs[0] { (output + k).vector = derivatives(0, x, s) }
            if let output = outputs[1] { (output + k).vector = derivatives(1, x, s) }
            if let output = outputs[2] { (output + k).vector = derivatives(2, x, s) }
            if let output = outputs[3] { (output + k).vector = derivatives(3, x, s) }
            k &+= T.lanes
        }
    }
}
