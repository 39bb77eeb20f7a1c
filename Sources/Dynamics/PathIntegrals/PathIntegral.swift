import Atoms
import Compute
import Interactions
import Neighbors

/// A running path integral: quantum nuclei as rings of beads, all of them evaluated in one call.
///
///     let run = try PathIntegral(of: structure, under: potential, settings, guards: guards)
///     run.drawVelocities()
///     try run.advance(steps: 10_000, every: 10) { frame in … }
///
/// A step is OBABO, noise and friction (PILE-L) before and after velocity Verlet with the exact motion of free rings.
/// Results are bitwise the same for any number of threads and after a restart.
public final class PathIntegral {
    public let settings: PathIntegralSettings
    public let elements: [Element]
    public let cell: Cell?
    public private(set) var step: Int
    /// fs
    public private(set) var time: Double
    public internal(set) var driftFit = DriftFit()
    public let cancellation: Cancellation
    private let interaction: any Interaction
    private let guards: Guards
    private let limits: MinimumDistances
    private(set) var ring: RingPolymer
    private var lists: [VerletList]
    private var results: [InteractionResult] = []
    /// Of the modes, eV/Å.
    private var forces: [[SIMD3<Double>]] = []
    /// Taken from the bath, eV of H_P.
    private(set) var heat: Double
    private let friction: [Double]?
    private var progress: Pace

    /// Begins with all beads of an atom at its place, at rest.
    ///
    /// - Parameters:
    ///   - motion: of the structure, for masses and what is fixed.
    ///   - skin: of the neighbour lists, Å.
    /// - Throws: `SimulationError` for settings that make no sense; the errors of the interaction.
    public convenience init(
        of motion: Motion, under interaction: any Interaction, _ settings: PathIntegralSettings, skin: Double = 0.5,
        guards: Guards = Guards(), cancellation: Cancellation = Cancellation()
    ) throws {
        try SimulationError.validate(free: motion, in: "path integrals")
        let ring = RingPolymer(
            motion.positions, beads: max(1, settings.beads), temperature: settings.temperature.kelvin,
            masses: motion.masses, freedom: motion.freedom, parallelism: motion.parallelism)
        try self.init(
            ring, motion.elements, motion.cell, under: interaction, settings, step: 0, time: 0, heat: 0, skin: skin,
            guards: guards, cancellation: cancellation)
    }

    init(
        _ ring: RingPolymer, _ elements: [Element], _ cell: Cell?, under interaction: any Interaction,
        _ settings: PathIntegralSettings, step: Int, time: Double, heat: Double, skin: Double, guards: Guards,
        cancellation: Cancellation
    ) throws {
        try settings.validate()
        try interaction.check(elements: elements)
        guard ring.masses.allSatisfy({ $0 > 0 && $0.isFinite }) else {
            throw SimulationError(.invalidSetting, "The masses of atoms must be above 0 amu.")
        }
        guard skin.isFinite, skin >= 0 else {
            throw SimulationError(.invalidSetting, "The skin must be at least 0 Å; got \(skin) Å.")
        }
        self.settings = settings
        self.elements = elements
        self.cell = cell
        self.ring = ring
        self.interaction = interaction
        self.guards = guards
        self.cancellation = cancellation
        (self.step, self.time, self.heat) = (step, time, heat)
        limits = guards.minimumDistances ?? interaction.minimumDistances ?? MinimumDistances()
        lists = (0..<settings.beads).map { _ in VerletList(cutoffs: Cutoffs(interaction.cutoff), skin: skin) }
        friction = settings.friction.map { centroid in
            ring.frequencies.enumerated().map {
                $0 == 0 ? centroid.perFemtosecond : 2 * settings.damping * $1
            }
        }
        progress = Pace(atomCount: elements.count * settings.beads)
        try evaluate(atStep: step)
        resetStatistics()
    }

    /// Velocities of all modes at P T. The beads part by themselves, in the time of their friction.
    ///
    /// - Throws: where guards do not allow the temperature.
    public func drawVelocities() throws {
        ring.drawVelocities(Philox(seed: settings.seed))
        if centreIsAtRest { ring.removeMomentum() }
        try checkEnergies()
        resetStatistics()
    }

    private var centreIsAtRest: Bool { settings.keepsCentreOfMass && ring.freeAxes == Double(3 * elements.count) }

    /// Begins pace and drift anew.
    public func resetStatistics() {
        progress = Pace(atomCount: elements.count * settings.beads)
        driftFit = DriftFit()
        driftFit.add(time: time, energy: conservedEnergy)
    }

    // MARK: - Running

    /// Runs for so many steps, or fewer when cancelled, and hands over a frame whenever the number of steps since the
    /// start is a multiple of `interval`. Returns the number of steps taken.
    @discardableResult
    public func advance(steps: Int, every interval: Int = 1, _ report: (Frame) throws -> Void = { _ in }) throws
        -> Int
    {
        precondition(steps >= 0 && interval >= 1, "expected steps ≥ 0 and an interval ≥ 1, got \(steps), \(interval)")
        for taken in 0..<steps {
            if cancellation.isCancelled { return taken }
            try takeStep()
            if step.isMultiple(of: interval) { try report(frame) }
        }
        return steps
    }

    private func takeStep() throws {
        let watch = Stopwatch()
        let dt = settings.timestep.femtoseconds
        shake(dt / 2, half: 0)
        ring.kick(dt / 2, forces)
        ring.drift(dt)
        try evaluate(atStep: step + 1)
        ring.kick(dt / 2, forces)
        shake(dt / 2, half: 1)
        step += 1
        time += dt
        try checkEnergies()
        driftFit.add(time: time, energy: conservedEnergy)
        progress.steps += 1
        progress.simulated = .femtoseconds(progress.simulated.femtoseconds + dt)
        progress.total += watch.seconds
    }

    private func shake(_ dt: Double, half: Int) {
        guard let friction else { return }
        heat += ring.shake(
            dt, friction: friction, Philox(seed: settings.seed), step: step, half: half,
            keepsCentreOfMass: centreIsAtRest)
    }

    private func evaluate(atStep step: Int) throws {
        let watch = Stopwatch()
        let beads = ring.beadPositions
        var problems = [(any Error)?](repeating: nil, count: beads.count)
        let (cell, elements, guards, limits) = (cell, elements, guards, limits)
        ring.parallelism.reduce(&problems, &lists, by: 1, from: (), { _, _ in }) { range, problems, lists in
            for bead in range {
                let k = bead - range.lowerBound
                do {
                    try guards.check(positions: beads[bead], step: step)
                    try lists[k].update(positions: beads[bead], cell: cell)
                    try guards.check(lists[k].edges, of: elements, limits: limits, step: step)
                } catch {
                    problems[k] = error
                }
            }
        }
        for (bead, problem) in problems.enumerated() {
            guard let problem else { continue }
            if let error = problem as? SimulationError {
                throw SimulationError(error.code, step: error.step, "Bead \(bead + 1): \(error.message)")
            }
            throw problem
        }
        let listed = watch.seconds
        let configurations = beads.indices.map {
            Configuration(elements: elements, positions: beads[$0], cell: cell, edges: lists[$0].edges)
        }
        do {
            results = try interaction.evaluateTogether(configurations)
        } catch let error as StructureEvaluationError {
            throw SimulationError(.notFinite, step: step, "Bead \(error.index + 1), at step \(step): \(error.cause)")
        }
        forces = ring.modes(of: results.map(\.forces))
        progress.neighbors += listed
        progress.forces += watch.seconds - listed
        progress.rebuilds = lists.reduce(0) { $0 + $1.rebuildCount }
    }

    private func checkEnergies() throws {
        try guards.check(temperature: temperature, energy: potentialEnergy, step: step, isStart: step == 0)
        for result in results { try guards.check(result.deviation, of: elements, step: step) }
    }
}

// MARK: - The present moment

extension PathIntegral {
    /// Of all beads and modes, which on average is that of the quantum system: 2 E_kin / (f P kP).
    public var temperature: Double {
        let degrees = ring.freeAxes * Double(settings.beads) - (centreIsAtRest ? 3 : 0)
        return degrees > 0 ? 2 * ring.kineticEnergy / (degrees * Units.boltzmann * Double(settings.beads)) : 0
    }

    /// Of the quantum system, a mean over the beads, eV.
    public var potentialEnergy: Double { results.reduce(0) { $0 + $1.energy } / Double(settings.beads) }
    /// Of the quantum system, eV; both have the same mean.
    public var primitiveKineticEnergy: Double { ring.primitiveKineticEnergy }
    public var centroidVirialKineticEnergy: Double { ring.centroidVirialKineticEnergy(forces) }

    /// (H_P − heat)/P, eV.
    public var conservedEnergy: Double {
        (ring.kineticEnergy + ring.springEnergy - heat) / Double(settings.beads) + potentialEnergy
    }

    public var threads: Int { ring.parallelism.threads }
    public var drift: Double? { driftFit.drift(perAtomOf: elements.count) }
    /// Atoms times beads are counted.
    public var pace: Pace { progress }

    /// The mean square distance of beads from their centroids, by element, Å².
    public var gyrationSquares: [Element: Double] {
        var sums: [Element: (Double, Int)] = [:]
        for i in elements.indices {
            var square = 0.0
            for k in 1..<max(1, settings.beads) { square += dot(ring.positions[k][i], ring.positions[k][i]) }
            let old = sums[elements[i]] ?? (0, 0)
            sums[elements[i]] = (old.0 + square / Double(settings.beads), old.1 + 1)
        }
        return sums.mapValues { $0.0 / Double($0.1) }
    }

    /// The centroids with the mean forces of their beads; energies are those of the quantum system, the kinetic by the
    /// centroid virial estimator, and so is the stress.
    public var frame: Frame {
        var structure = Structure(elements: elements, positions: ring.centroid, cell: cell)
        structure.velocities = ring.centroidVelocities
        let share = 1 / Double(settings.beads)
        structure.forces = forces[0].map { $0 * share.squareRoot() }
        structure.energy = potentialEnergy
        let virial = results.reduce(Matrix3.zero) { $0 + $1.virial } * share
        if results.count == 1 { structure.deviation = results[0].deviation }
        var frame = Frame(structure: structure, step: step, time: time)
        frame.kineticEnergy = centroidVirialKineticEnergy
        frame.primitiveKineticEnergy = primitiveKineticEnergy
        frame.temperature = temperature
        frame.conservedEnergy = conservedEnergy
        frame.drift = drift
        if let cell, cell.isFullyPeriodic {
            frame.structure.stress = cell.stress(ofVirial: virial)
            frame.totalStress = cell.stress(
                ofVirial: virial + Matrix3.identity * (2 * centroidVirialKineticEnergy / 3))
        }
        return frame
    }

    /// `[bead]`, each with energy and forces of its own, and the velocities that go with H_P.
    public var beadFrames: [Frame] {
        let (positions, velocities) = (ring.beadPositions, ring.beads(of: ring.velocities))
        return results.indices.map { bead in
            var structure = Structure(elements: elements, positions: positions[bead], cell: cell)
            structure.velocities = velocities[bead]
            structure.forces = results[bead].forces
            structure.energy = results[bead].energy
            if let cell, cell.isFullyPeriodic { structure.stress = cell.stress(ofVirial: results[bead].virial) }
            structure.deviation = results[bead].deviation
            return Frame(structure: structure, step: step, time: time)
        }
    }
}
