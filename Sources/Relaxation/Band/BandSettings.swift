/// How a band of images is led to the path of least energy, and when it counts as there.
public struct BandSettings: Sendable, Equatable {
    public enum Method: String, Sendable, CaseIterable {
        /// Quasi-Newton steps of all images together in the metric of a model of bonds; the fewest evaluations.
        case lbfgs
        /// Damped dynamics of all images together.
        case fire
    }

    public var method = Method.lbfgs
    /// The largest length of a force of the band, eV/Å.
    public var forceTolerance = 0.05
    /// Iterations at most; each evaluates every image between the ends.
    public var maximumIterations = 500
    /// Whether the highest image climbs to the saddle point.
    public var climbs = false
    /// The band begins to climb when its forces are below this, eV/Å, so that the highest image is on the right hill.
    public var climbingThreshold = 0.3
    /// Of the springs between images, eV/Å².
    public var springConstant = 1.0
    /// How far an atom moves in a step at most, Å.
    public var largestMove = 0.15
    /// Atoms that stay where they are, from 0.
    public var fixedAtoms: Set<Int> = []

    public init() {}
}
