import Settings

/// `path_integral: {beads: 16}`: quantum nuclei.
struct PathIntegralKeys {
    enum Trajectory: String, CaseIterable { case centroid, beads }

    var beads: Int
    /// Of the rings, in units of the critical.
    var damping: Double
    /// What a trajectory is of: one file, or one for each bead.
    var trajectory: Trajectory

    init(_ settings: Settings) throws {
        beads = try settings.integer("beads", in: 1...4096)
        damping = try settings.double("damping", in: 0...100, default: 1)
        trajectory = try settings.choice("trajectory", of: Trajectory.self, default: .centroid)
    }
}
