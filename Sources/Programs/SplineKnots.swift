/// The knots of radial splines on [0, 1]: uniform, or uniform with another spacing from some coordinate on.
///
/// A spline is cubic and C² within each part. Where the parts meet it is C¹, for functions whose curvature jumps there,
/// as that of a cutoff which begins at some distance.
public struct SplineKnots: Hashable, Sendable {
    /// Of [0, 1], or of [0, start] where there is an outer part.
    public var intervals: Int
    public var outer: Outer?

    /// Knots from `start` to 1.
    public struct Outer: Hashable, Sendable {
        /// Between 0 and 1.
        public var start: Double
        public var intervals: Int

        public init(start: Double, intervals: Int) {
            precondition(start > 0 && start < 1, "expected a coordinate between 0 and 1, got \(start)")
            (self.start, self.intervals) = (start, intervals)
        }
    }

    public init(intervals: Int, outer: Outer? = nil) {
        (self.intervals, self.outer) = (intervals, outer)
    }

    /// The coordinates at which a function is taken; that where the parts meet once.
    public var coordinates: [Double] {
        guard let outer else { return (0...intervals).map { Double($0) / Double(intervals) } }
        let inner = (0..<intervals).map { outer.start * Double($0) / Double(intervals) }
        return inner
            + (0...outer.intervals).map { outer.start + (1 - outer.start) * Double($0) / Double(outer.intervals) }
    }

    /// Numbers of coordinates and of coefficients: three more than intervals in each part.
    public var values: Int { intervals + (outer?.intervals ?? 0) + 1 }
    public var coefficients: Int { intervals + 3 + (outer.map { $0.intervals + 3 } ?? 0) }
    /// The first coefficient of the outer part.
    public var outerRow: Int { intervals + 3 }

    /// The slope where the parts meet times twice the spacing of the inner part is `Σ_j joint[j] v_{n−j}` with the
    /// values v of the inner part's last knots: the one-sided difference of fourth order.
    public static let joint: [Double] = [25.0 / 6, -8, 6, -8.0 / 3, 1.0 / 2]
    /// Twice that spacing of the outer part over that of the inner.
    public var spacingRatio: Double {
        guard let outer else { return 1 }
        return (1 - outer.start) / Double(outer.intervals) * Double(intervals) / outer.start
    }

    /// The four B-splines that do not vanish at a coordinate x < 1, and the row of the first coefficient.
    public func basis(at x: Double) -> (row: Int, values: [Double]) {
        var (row, u) = (0, 0.0)
        if let outer, x >= outer.start {
            u = (x - outer.start) * (Double(outer.intervals) / (1 - outer.start))
            row = min(Int(u), outer.intervals - 1)
            u -= Double(row)
            row += outerRow
        } else {
            u = x * (Double(intervals) / (outer?.start ?? 1))
            row = min(Int(u), intervals - 1)
            u -= Double(row)
        }
        let w = 1 - u
        return (
            row, [w * w * w / 6, (4 - u * u * (6 - 3 * u)) / 6, (4 - w * w * (6 - 3 * w)) / 6, u * u * u / 6]
        )
    }
}
