/// How fast a simulation has been running.
public struct Pace: Sendable, Equatable {
    public internal(set) var atomCount: Int
    public internal(set) var steps = 0
    public internal(set) var simulated = Time.femtoseconds(0)
    /// Times by the wall clock, s. The rest of `total` went into integrating and watching.
    public internal(set) var total = 0.0
    public internal(set) var neighbors = 0.0
    public internal(set) var forces = 0.0
    /// How often the list of neighbours was built anew.
    public internal(set) var rebuilds = 0

    public var microsecondsPerAtomAndStep: Double { total * 1e6 / Double(max(1, steps * atomCount)) }
    public var nanosecondsPerDay: Double { total > 0 ? simulated.femtoseconds * 1e-6 * 86_400 / total : 0 }
}
