/// What takes radial functions to zero at the cutoff.
public enum CutoffFunction: Sendable, Hashable {
    /// The polynomial of this power p; see `PolynomialCutoff`.
    case polynomial(power: Double)
    /// 1 up to a share of the cutoff, then smoothly to 0 with one continuous derivative; its curvature jumps where it
    /// begins and where it ends. With s = r²:
    ///
    ///     f = (s_c − s)² (s_c + 2s − 3s_on) / (s_c − s_on)³,   r_on < r < r_c
    ///
    /// X-PLOR's switching function (Brünger, X-PLOR 3.1, 1992), with which SevenNet's potentials are trained.
    case xplor(start: Double)

    /// The value and its derivative at a coordinate x = r / r_c > 0.
    public func valueAndSlope(at x: Double) -> (value: Double, slope: Double) {
        switch self {
        case .polynomial(let power): return PolynomialCutoff(cutoff: 1, power: power).valueAndSlope(at: x)
        case .xplor(let start):
            guard x < 1 else { return (0, 0) }
            guard x > start else { return (1, 0) }
            let (s, on) = (x * x, start * start)
            let width = (1 - on) * (1 - on) * (1 - on)
            return ((1 - s) * (1 - s) * (1 + 2 * s - 3 * on) / width, -12 * x * (1 - s) * (s - on) / width)
        }
    }

    /// The second derivative at a coordinate x > 0; where it jumps, that of the smaller x.
    public func curvature(at x: Double) -> Double {
        switch self {
        case .polynomial(let power): return PolynomialCutoff(cutoff: 1, power: power).curvature(at: x)
        case .xplor(let start):
            guard x > start, x < 1 else { return 0 }
            let (s, on) = (x * x, start * start)
            let width = (1 - on) * (1 - on) * (1 - on)
            return 12 * (on - 3 * (1 + on) * s + 5 * s * s) / width
        }
    }

    /// Where its curvature jumps before the end.
    public var start: Double? { if case .xplor(let start) = self { start } else { nil } }
}
