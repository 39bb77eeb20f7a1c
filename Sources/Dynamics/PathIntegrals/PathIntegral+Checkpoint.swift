import Atoms
import Compute
import Interactions

extension PathIntegral {
    /// A checkpoint for each normal mode, in their order: positions and velocities are those of the modes.
    public func checkpoint() -> CheckpointSet {
        CheckpointSet(
            checkpoints: (0..<settings.beads).map { k in
                var structure = Structure(elements: elements, positions: ring.positions[k], cell: cell)
                structure.velocities = ring.velocities[k]
                return Checkpoint(
                    structure: structure, masses: ring.masses, step: step, time: time, heat: heat, driftFit: driftFit,
                    removesRotation: false)
            }, state: Self.mark)
    }

    /// What a set says that is one of normal modes.
    static let mark = "\"normal modes\""

    /// Goes on from a checkpoint, bit by bit with the same interaction and settings.
    ///
    /// - Parameter motion: of the structure, for what is fixed.
    /// - Throws: `SimulationError` for a checkpoint of other beads.
    public convenience init(
        continuing set: CheckpointSet, fixed motion: Motion, under interaction: any Interaction,
        _ settings: PathIntegralSettings, skin: Double = 0.5, guards: Guards = Guards(),
        cancellation: Cancellation = Cancellation()
    ) throws {
        guard set.state == Self.mark, set.checkpoints.count == settings.beads else {
            throw SimulationError(
                .badCheckpoint,
                "expected a checkpoint of a path integral of \(settings.beads) beads, found \(set.state == Self.mark ? "\(set.checkpoints.count) beads" : "one of replicas"); the number of beads cannot change"
            )
        }
        let first = set.checkpoints[0]
        var ring = RingPolymer(
            first.structure.positions, beads: settings.beads, temperature: settings.temperature.kelvin,
            masses: first.masses, freedom: motion.freedom, parallelism: motion.parallelism)
        ring.positions = set.checkpoints.map(\.structure.positions)
        ring.velocities = set.checkpoints.map { $0.structure.velocities ?? [] }
        try self.init(
            ring, first.structure.elements, first.structure.cell, under: interaction, settings, step: first.step,
            time: first.time, heat: first.heat, skin: skin, guards: guards, cancellation: cancellation)
        driftFit = first.driftFit
    }
}
