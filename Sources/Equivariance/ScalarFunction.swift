import Foundation

/// The functions that act on scalars, and on the values of signals: activations, with their slopes.
public enum ScalarFunction: String, Sendable, CaseIterable {
    case silu, tanh, relu, sigmoid, abs, softplus, elu, gelu, sin, cos, identity

    /// The factor of unit second moment.
    public var secondMoment: Double {
        switch self {
        case .silu: SecondMoment.silu
        case .tanh: SecondMoment.tanh
        case .relu: SecondMoment.relu
        case .sigmoid: SecondMoment.sigmoid
        case .abs: SecondMoment.abs
        case .softplus: SecondMoment.softplus
        case .elu: SecondMoment.elu
        case .gelu: SecondMoment.gelu
        case .sin: SecondMoment.sin
        case .cos: SecondMoment.cos
        case .identity: SecondMoment.identity
        }
    }

    /// `odd` where f(−x) = −f(x), `even` where f(−x) = f(x), `nil` where neither holds. Only the first two may act on
    /// odd scalars.
    public var parity: Parity? {
        switch self {
        case .tanh, .sin, .identity: .odd
        case .abs, .cos: .even
        case .silu, .relu, .sigmoid, .softplus, .elu, .gelu: nil
        }
    }

    /// What a scalar of this parity becomes; `nil` if the result would be neither even nor odd.
    public func parity(of argument: Parity) -> Parity? { argument == .even ? .even : parity }

    public func callAsFunction(_ x: Double) -> Double {
        switch self {
        case .silu: x * Self.logistic(x)
        case .tanh: Foundation.tanh(x)
        case .relu: max(x, 0)
        case .sigmoid: Self.logistic(x)
        case .abs: Swift.abs(x)
        case .softplus: max(x, 0) + log1p(exp(-Swift.abs(x)))
        case .elu: x > 0 ? x : expm1(x)
        case .gelu: x / 2 * erfc(-x * 0.5.squareRoot())
        case .sin: Foundation.sin(x)
        case .cos: Foundation.cos(x)
        case .identity: x
        }
    }

    /// The derivative; at the kinks of `relu` and `abs` it is 0.
    public func slope(_ x: Double) -> Double {
        switch self {
        case .silu: Self.logistic(x) * (1 + x * (1 - Self.logistic(x)))
        case .tanh: 1 - Foundation.tanh(x) * Foundation.tanh(x)
        case .relu: x > 0 ? 1 : 0
        case .sigmoid: Self.logistic(x) * (1 - Self.logistic(x))
        case .abs: x == 0 ? 0 : x > 0 ? 1 : -1
        case .softplus: Self.logistic(x)
        case .elu: x > 0 ? 1 : exp(x)
        case .gelu: erfc(-x * 0.5.squareRoot()) / 2 + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot()
        case .sin: Foundation.cos(x)
        case .cos: -Foundation.sin(x)
        case .identity: 1
        }
    }

    /// 1/(1 + e⁻ˣ)
    private static func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}
