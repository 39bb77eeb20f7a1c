import Foundation

/// A number as several, each large where the number is near its place: the bases that radial networks see distances in.
///
/// e3nn's `soft_one_hot_linspace` with its constants. `count` places lie evenly between `start` and `end`. With a
/// cutoff the ends are no places, and the functions that vanish smoothly there (cosine, smoothFinite, fourier, bessel)
/// do.
public struct SoftOneHot: Sendable {
    public enum Basis: String, Sendable, CaseIterable {
        /// exp(−d²)/1.12 with the distance d from the place, in steps; never quite 0.
        case gaussian
        /// cos(π d/2) for |d| < 1; continuous slope it has not.
        case cosine
        /// 1.14136 e² exp(−1/(1 + d)) exp(−1/(1 − d)) for |d| < 1; all derivatives are continuous.
        case smoothFinite = "smooth_finite"
        /// sines (with cutoff) or cosines of multiples of π, divided by √(1/4 + count/2).
        case fourier
        /// √(2/c) sin(n π x/c)/x of the distance x from `start`, c being the length.
        case bessel
    }

    public let basis: Basis
    public let start, end: Double
    public let count: Int
    public let hasCutoff: Bool

    public init(_ basis: Basis, from start: Double, to end: Double, count: Int, cutoff: Bool) {
        precondition(end > start, "expected an end beyond \(start), got \(end)")
        precondition(count >= (cutoff ? 1 : 2), "expected at least \(cutoff ? 1 : 2) places, got \(count)")
        (self.basis, self.start, self.end, self.count, hasCutoff) = (basis, start, end, count, cutoff)
    }

    /// Between neighbouring places.
    private var step: Double { (end - start) / Double(hasCutoff ? count + 1 : count - 1) }

    private func place(_ index: Int) -> Double { start + Double(hasCutoff ? index + 1 : index) * step }

    /// The numbers that x becomes.
    public func values(_ x: Double) -> [Double] { (0..<count).map { evaluate(x, $0).value } }

    /// Their derivatives by x.
    public func slopes(_ x: Double) -> [Double] { (0..<count).map { evaluate(x, $0).slope } }

    private func evaluate(_ x: Double, _ index: Int) -> (value: Double, slope: Double) {
        let d = (x - place(index)) / step
        switch basis {
        case .gaussian:
            let value = exp(-d * d) / 1.12
            return (value, -2 * d * value / step)
        case .cosine:
            guard abs(d) < 1 else { return (0, 0) }
            return (cos(.pi / 2 * d), -.pi / 2 * sin(.pi / 2 * d) / step)
        case .smoothFinite:
            let (left, right) = (Self.unitStep(1 + d), Self.unitStep(1 - d))
            let scale = 1.14136 * exp(2.0)
            return (
                scale * left.value * right.value,
                scale * (left.slope * right.value - left.value * right.slope) / step
            )
        case .fourier:
            let (t, scale) = ((x - start) / (end - start), 1 / (0.25 + Double(count) / 2).squareRoot())
            let isInside = 0 < t && t < 1
            let k = Double.pi * Double(hasCutoff ? index + 1 : index)
            let slope = k * scale / (end - start)
            if !hasCutoff { return (cos(k * t) * scale, -sin(k * t) * slope) }
            return isInside ? (sin(k * t) * scale, cos(k * t) * slope) : (0, 0)
        case .bessel:
            let (r, c) = (x - start, end - start)
            guard !hasCutoff || (0 < r && r < c) else { return (0, 0) }
            let (k, scale) = (.pi * Double(index + 1) / c, (2 / c).squareRoot())
            guard r != 0 else { return (scale * k, 0) }
            return (scale * sin(k * r) / r, scale * (k * cos(k * r) - sin(k * r) / r) / r)
        }
    }

    /// exp(−1/x) above 0 and 0 below: a step all of whose derivatives are continuous; e3nn's `soft_unit_step`.
    public static func unitStep(_ x: Double) -> (value: Double, slope: Double) {
        guard x > 0 else { return (0, 0) }
        let value = exp(-1 / x)
        return value == 0 ? (0, 0) : (value, value / (x * x))
    }
}
