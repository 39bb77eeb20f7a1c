import Foundation
import Neighbors

/// NequIP's radial basis `b_n(x) = (2π/r_max²) sin(n π x)/(π x) · f(x)` with the polynomial cutoff
/// `f` of power p (Batzner et al. 2022, eq. 8).
public struct BesselBasis: Hashable, Sendable {
    public var rMax: Double
    public var frequencies: [Double]
    public var p: Double

    public init(rMax: Double, frequencies: [Double], p: Double) {
        self.rMax = rMax
        self.frequencies = frequencies
        self.p = p
    }

    /// Of the coordinate x, so that it ends at 1.
    private var cutoff: PolynomialCutoff { PolynomialCutoff(cutoff: 1, power: p) }

    /// What `sin(n π x)` is multiplied by: `(2π/r_max²) f(x) / (π x)`.
    public func envelope(_ x: Double) -> Double { 2 / (rMax * rMax) * cutoff.valueAndSlope(at: x).value / x }

    /// The second derivative of `b_n` at `x > 0`.
    public func curvature(_ n: Double, _ x: Double) -> Double {
        let (f, fCurvature) = (cutoff.valueAndSlope(at: x), cutoff.curvature(at: x))
        let k = n * .pi
        let (s, c) = (sin(k * x), cos(k * x))
        // h = sin(kx)/x and its derivatives.
        let h = s / x
        let slope = (k * c - h) / x
        let curvature = -k * k * h - 2 * slope / x
        return 2 / (rMax * rMax) * (curvature * f.value + 2 * slope * f.slope + h * fCurvature)
    }

    /// Value and slope of `b_n` at `x > 0`.
    public func evaluate(_ n: Double, _ x: Double) -> (value: Double, slope: Double) {
        let f = cutoff.valueAndSlope(at: x)
        let (s, c) = (sin(n * .pi * x), cos(n * .pi * x))
        let scale = 2 / (rMax * rMax)
        return (
            scale * s / x * f.value,
            scale * ((n * .pi * c / x - s / (x * x)) * f.value + s / x * f.slope)
        )
    }
}
