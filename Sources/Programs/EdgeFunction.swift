import Foundation

/// A differentiable function of edge vectors, evaluated in double precision from the graph's geometry.
///
/// The pullback is linear in its cotangent and the tangent in its direction; they are each other's transposes, and
/// that is all that a loss on forces needs. Derivatives of the pullback with respect to the vectors are not provided.
public enum EdgeFunction: Hashable, Sendable {
    public enum Part: Hashable, Sendable { case value, pullback, tangent }

    /// Real spherical harmonics of the direction up to degree `lMax`: `[edge][(lMax + 1)²]`.
    case harmonics(lMax: Int)
    /// The four cubic B-splines that do not vanish at x = r/r_c, on `intervals` uniform intervals of [0, 1].
    case spline(RadialCoordinate, intervals: Int)
    /// NequIP's radial basis on every edge, for the exact radial network (`edgeKnots` rows).
    case bessel(RadialCoordinate, BesselBasis)
    /// The constant (1, 0, 0, 0): an edge's radial weights are its own row of the table.
    case ownRow

    var axis: Axis {
        switch self {
        case .bessel: .edgeKnots
        default: .edges
        }
    }

    var width: Int {
        switch self {
        case .harmonics(let lMax): (lMax + 1) * (lMax + 1)
        case .spline, .ownRow: 4
        case .bessel(_, let basis): basis.frequencies.count
        }
    }
}

/// The coordinate x = r/r_c of an edge, with one cutoff or one for every pair of species (receiver, source).
public struct RadialCoordinate: Hashable, Sendable {
    public var rMax: Double
    /// `[receiver species][source species]` in Å, or empty when `rMax` serves all.
    public var pairCutoffs: [[Double]]

    public init(rMax: Double, pairCutoffs: [[Double]] = []) {
        self.rMax = rMax
        self.pairCutoffs = pairCutoffs
    }
}

/// NequIP's radial basis `b_n(x) = (2π/r_max²) sin(n π x)/(π x) · f(x)` with the polynomial cutoff
/// `f(x) = 1 − (p+1)(p+2)/2 x^p + p(p+2) x^{p+1} − p(p+1)/2 x^{p+2}` (Batzner et al. 2022, eq. 8; DimeNet, eq. 8).
public struct BesselBasis: Hashable, Sendable {
    public var rMax: Double
    public var frequencies: [Double]
    public var p: Double

    public init(rMax: Double, frequencies: [Double], p: Double) {
        self.rMax = rMax
        self.frequencies = frequencies
        self.p = p
    }

    /// The polynomial cutoff and its slope at `x`; zero from 1 on.
    public func cutoff(_ x: Double) -> (value: Double, slope: Double) {
        guard x < 1 else { return (0, 0) }
        let power = pow(x, p - 1)
        let (a, b, c) = ((p + 1) * (p + 2) / 2, p * (p + 2), p * (p + 1) / 2)
        return (
            1 - power * x * (a - x * (b - x * c)),
            -power * (a * p - x * (b * (p + 1) - x * c * (p + 2)))
        )
    }

    /// What `sin(n π x)` is multiplied by: `(2π/r_max²) f(x) / (π x)`.
    public func envelope(_ x: Double) -> Double { 2 / (rMax * rMax) * cutoff(x).value / x }

    /// Value and slope of `b_n` at `x > 0`.
    public func evaluate(_ n: Double, _ x: Double) -> (value: Double, slope: Double) {
        let f = cutoff(x)
        let (s, c) = (sin(n * .pi * x), cos(n * .pi * x))
        let scale = 2 / (rMax * rMax)
        return (
            scale * s / x * f.value,
            scale * ((n * .pi * c / x - s / (x * x)) * f.value + s / x * f.slope)
        )
    }
}
