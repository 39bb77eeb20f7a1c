/// A differentiable function of edge vectors, evaluated in double precision from the graph's geometry.
///
/// The pullback is linear in its cotangent and the tangent in its direction; they are each other's transposes, and
/// that is all that a loss on forces needs. The curvature is the derivative of both with respect to the vectors, for
/// derivatives of forces by positions; it has none itself.
public enum EdgeFunction: Hashable, Sendable {
    /// Of a function f of r: f; Σ_k g_k ∇f_k; ∇f_k·v; (Σ_k g_k ∇∇f_k) v.
    public enum Part: Hashable, Sendable { case value, pullback, tangent, curvature }

    /// Real spherical harmonics of the direction of degrees 1 to `lMax`: `[edge][(lMax + 1)² − 1]`. That of degree 0
    /// is 1.
    case harmonics(lMax: Int)
    /// The length of the vector in Å.
    case distance
    /// NequIP's radial basis on every edge, for the exact radial network (`edgeKnots` rows).
    case bessel(RadialCoordinate, BesselBasis)

    var axis: Axis {
        switch self {
        case .bessel: .edgeKnots
        default: .edges
        }
    }

    var width: Int {
        switch self {
        case .harmonics(let lMax): (lMax + 1) * (lMax + 1) - 1
        case .distance: 1
        case .bessel(_, let basis): basis.frequencies.count
        }
    }
}
