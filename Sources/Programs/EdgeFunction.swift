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
