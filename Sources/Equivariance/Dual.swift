/// A number with its derivative along one direction: arithmetic on these is differentiation by the rules (forward
/// mode).
///
/// What is written for `Lanes` thereby gives derivatives of its results along a change of its arguments.
public struct Dual<Value: Lanes>: Lanes {
    public var value: Value
    public var slope: Value

    @inlinable
    public init(_ value: Value, slope: Value) {
        self.value = value
        self.slope = slope
    }

    @inlinable
    public static func + (a: Self, b: Self) -> Self { Self(a.value + b.value, slope: a.slope + b.slope) }
    @inlinable
    public static func - (a: Self, b: Self) -> Self { Self(a.value - b.value, slope: a.slope - b.slope) }
    @inlinable
    public static func * (a: Self, b: Self) -> Self {
        Self(a.value * b.value, slope: a.value * b.slope + a.slope * b.value)
    }

    @inlinable
    public static func all(_ value: Double) -> Self { Self(.all(value), slope: .all(0)) }

    /// d(s^−½) = −½ s^−3/2 ds; 0 where the value is.
    @inlinable
    public static func inverseSquareRoot(_ s: Self) -> Self {
        let root = Value.inverseSquareRoot(s.value)
        return Self(root, slope: .all(-0.5) * root * root * root * s.slope)
    }
}
