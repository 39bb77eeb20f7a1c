import Foundation

/// A smooth end: 1 at distance zero, 0 with its first two derivatives at the cutoff.
///
///     f(x) = 1 − (p+1)(p+2)/2 xᵖ + p(p+2) xᵖ⁺¹ − p(p+1)/2 xᵖ⁺²,   x = r / r_c
///
/// Gasteiger, Groß and Günnemann (ICLR 2020), eq. 8.
public struct PolynomialCutoff: Sendable, Equatable {
    /// Å
    public let cutoff: Double
    public let power: Double

    public init(cutoff: Double, power: Double = 6) {
        precondition(cutoff > 0 && power >= 2, "expected a cutoff > 0 and a power ≥ 2, got \(cutoff) and \(power)")
        self.cutoff = cutoff
        self.power = power
    }

    /// The value and its derivative by r (1/Å).
    public func valueAndSlope(at r: Double) -> (value: Double, slope: Double) {
        guard r < cutoff else { return (0, 0) }
        let (x, p) = (r / cutoff, power)
        let below = pow(x, p - 1)
        let value = 1 - below * x * ((p + 1) * (p + 2) / 2 - x * (p * (p + 2) - x * p * (p + 1) / 2))
        let slope = -p * (p + 1) * (p + 2) / 2 * below * (1 - x) * (1 - x) / cutoff
        return (value, slope)
    }

    /// The second derivative by r (1/Å²).
    public func curvature(at r: Double) -> Double {
        guard r < cutoff else { return 0 }
        let (x, p) = (r / cutoff, power)
        let rest = (p - 1) * (1 - x) * (1 - x) - 2 * x * (1 - x)
        return -p * (p + 1) * (p + 2) / 2 * pow(x, p - 2) * rest / (cutoff * cutoff)
    }
}
