import Compute

/// Functions of one number and their derivatives, a vector of channels at a time (see `Activation`).
enum PointwiseKernels<T: KernelScalar> {
    typealias Vector = T.Vector

    /// `out = factor · f⁽ᵒʳᵈᵉʳ⁾(x)` on `count` scalars that start aligned; whole vectors are written.
    static func apply(
        _ activation: Activation, order: Int, x: UnsafePointer<T>, output: UnsafeMutablePointer<T>, count: Int
    ) {
        let factor = Vector(repeating: T(activation.factor))
        switch (activation.function, order) {
        case (.identity, 0): map(x, output, count) { factor * $0 }
        case (.identity, 1): map(x, output, count) { _ in factor }
        case (.identity, _): map(x, output, count) { _ in .zero }
        // With s = 1/(1 + e⁻ˣ), p = s(1 − s), q = 1 − 2s: f = xs, f′ = s + xp, f″ = p(2 + xq), f‴ = p(q(3 + xq) − 2xp).
        case (.silu, 0): map(x, output, count) { factor * $0 * sigmoid($0) }
        case (.silu, 1):
            map(x, output, count) { x in
                let s = sigmoid(x)
                return factor * s * (1 + x * (1 - s))
            }
        case (.silu, 2):
            map(x, output, count) { x in
                let s = sigmoid(x)
                return factor * s * (1 - s) * (2 + x * (1 - 2 * s))
            }
        case (.silu, 3):
            map(x, output, count) { x in
                let s = sigmoid(x)
                let (p, q) = (s * (1 - s), 1 - 2 * s)
                return factor * p * (q * (3 + x * q) - 2 * x * p)
            }
        // With t = tanh x and u = 1 − t²: f′ = u, f″ = −2tu, f‴ = u(6t² − 2).
        case (.tanh, 0): map(x, output, count) { factor * tanh($0) }
        case (.tanh, 1):
            map(x, output, count) { x in
                let t = tanh(x)
                return factor * (1 - t * t)
            }
        case (.tanh, 2):
            map(x, output, count) { x in
                let t = tanh(x)
                return factor * (-2 * t) * (1 - t * t)
            }
        case (.tanh, 3):
            map(x, output, count) { x in
                let t = tanh(x)
                return factor * (1 - t * t) * (6 * t * t - 2)
            }
        case (.sine, _):
            let sign: T = order % 4 < 2 ? 1 : -1
            let scale = T(activation.factor) * sign
            for k in 0..<count { output[k] = scale * (order.isMultiple(of: 2) ? T.sine(x[k]) : T.cosine(x[k])) }
        default: preconditionFailure("\(activation.function.rawValue) has derivatives up to order 3, got \(order)")
        }
    }

    @inline(__always)
    private static func map(
        _ x: UnsafePointer<T>, _ output: UnsafeMutablePointer<T>, _ count: Int, _ f: (Vector) -> Vector
    ) {
        var k = 0
        while k < count {
            (output + k).vector = f((x + k).vector)
            k &+= T.lanes
        }
    }

    @inline(__always)
    private static func sigmoid(_ x: Vector) -> Vector { 1 / (1 + T.exponential(-x)) }

    @inline(__always)
    private static func tanh(_ x: Vector) -> Vector { 1 - 2 / (T.exponential(2 * x) + 1) }
}
