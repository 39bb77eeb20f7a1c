/// `factor · f(x)` on one block of scalars.
public struct Activation: Hashable, Sendable {
    public enum Function: String, Hashable, Sendable {
        case identity, silu, tanh, sine
        /// 1/√x
        case inverseRoot
    }

    public var function: Function
    public var factor: Double

    public init(_ function: Function, factor: Double = 1) {
        self.function = function
        self.factor = factor
    }
}
