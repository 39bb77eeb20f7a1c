/// Numbers computed side by side, one per edge of a tile: the arithmetic that the spherical harmonics are written in.
///
/// A `Double` is one lane, a `SIMD8<Double>` eight.
public protocol Lanes {
    static func + (a: Self, b: Self) -> Self
    static func - (a: Self, b: Self) -> Self
    static func * (a: Self, b: Self) -> Self

    /// The same value in every lane.
    static func all(_ value: Double) -> Self

    /// 1/√s in every lane, 0 where s is zero or too small to have a normal inverse.
    static func inverseSquareRoot(_ s: Self) -> Self
}

extension Double: Lanes {
    @inlinable
    public static func all(_ value: Double) -> Double { value }

    @inlinable
    public static func inverseSquareRoot(_ s: Double) -> Double { s < .leastNormalMagnitude ? 0 : 1 / s.squareRoot() }
}

extension SIMD where Scalar == Double {
    @inlinable
    public static func all(_ value: Double) -> Self { Self(repeating: value) }

    @inlinable
    public static func inverseSquareRoot(_ s: Self) -> Self {
        (1 / s.squareRoot()).replacing(with: 0, where: s .< .leastNormalMagnitude)
    }
}

extension SIMD2: Lanes where Scalar == Double {}
extension SIMD4: Lanes where Scalar == Double {}
extension SIMD8: Lanes where Scalar == Double {}
extension SIMD16: Lanes where Scalar == Double {}
