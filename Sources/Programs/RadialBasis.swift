/// The four numbers B of an edge that its radial weights are made of: `w = Σ_q B[q] R[k + q]`, with rows R of a table
/// from row k on (see `Convolution`).
public enum RadialBasis: Hashable, Sendable {
    /// The cubic B-splines that do not vanish at x = r/r_c, on `intervals` uniform intervals of [0, 1]; all zero from
    /// the cutoff on.
    case spline(RadialCoordinate, intervals: Int)
    /// (1, 0, 0, 0) and k = the edge: its radial weights are its own row of the table.
    case ownRow

    /// As functions of the distance d of an edge, `[edge][4]`.
    public enum Part: Hashable, Sendable {
        /// B(d)
        case value
        /// B′(d) in 1/Å
        case slope
        /// a B′(d) for a number a of each edge
        case tangent
        /// a B″(d)
        case curvature
        /// a B(d)
        case scaled
    }
}
