import Atoms

/// Where a step begins: what it takes to go back there when a guard stops the run. Kept in the same memory every step.
struct Moment {
    private(set) var positions: [SIMD3<Double>]
    private(set) var velocities: [SIMD3<Double>]
    private(set) var cell: Cell?
    private(set) var step: Int
    private(set) var time: Double
    private(set) var heat: Double
    private(set) var ensemble: Ensemble

    init(_ motion: Motion, _ ensemble: Ensemble) {
        (positions, velocities, cell) = (motion.positions, motion.velocities, motion.cell)
        (step, time, heat) = (motion.step, motion.time, motion.heat)
        self.ensemble = ensemble
        // Memory of its own: shared arrays would be copied by the first step.
        positions.withUnsafeMutableBufferPointer { _ in }
        velocities.withUnsafeMutableBufferPointer { _ in }
    }

    mutating func keep(_ motion: borrowing Motion, _ ensemble: borrowing Ensemble) {
        for i in positions.indices {
            positions[i] = motion.positions[i]
            velocities[i] = motion.velocities[i]
        }
        (cell, step, time, heat) = (motion.cell, motion.step, motion.time, motion.heat)
        self.ensemble.takeStates(of: copy ensemble)
    }
}

extension Simulation {
    /// The state before the step that has failed, or before the last one.
    ///
    /// - Throws: as `checkpoint`.
    public func checkpointBeforeStep() throws -> Checkpoint {
        var checkpoint = try checkpoint(of: beforeStep.ensemble)
        checkpoint.structure.positions = beforeStep.positions
        checkpoint.structure.velocities = beforeStep.velocities
        checkpoint.structure.cell = beforeStep.cell
        (checkpoint.step, checkpoint.time, checkpoint.heat) = (beforeStep.step, beforeStep.time, beforeStep.heat)
        return checkpoint
    }

    /// The moment of `checkpointBeforeStep`, without forces, and what the step has made of it so far, if that is
    /// somewhere.
    public var framesOfFailure: [Frame] {
        var structure = Structure(elements: motion.elements, positions: beforeStep.positions, cell: beforeStep.cell)
        structure.velocities = beforeStep.velocities
        if motion.hasOwnMasses { structure.masses = motion.masses }
        let before = Frame(structure: structure, step: beforeStep.step, time: beforeStep.time)
        let isFinite = motion.positions.allSatisfy { dot($0, $0).isFinite }
        guard isFinite, motion.positions != beforeStep.positions else { return [before] }
        structure.positions = motion.positions
        structure.cell = motion.cell
        structure.velocities = nil
        return [
            before,
            Frame(
                structure: structure, step: beforeStep.step + 1,
                time: beforeStep.time + ensemble.timestep.femtoseconds),
        ]
    }
}
