import Atoms
import Compute
import Interactions

/// A running simulation.
///
///     let run = try Simulation(of: structure, under: potential,
///                              by: .langevin(timestep: .femtoseconds(1), temperature: .kelvin(300),
///                                            friction: .perPicosecond(1), seed: 1))
///     try run.drawVelocities(at: .kelvin(300), seed: 1)
///     try run.advance(steps: 10_000, every: 100) { frame in try trajectory.append(frame) }
///
/// Results are bitwise the same for any number of threads and after a restart from a checkpoint.
public final class Simulation {
    public internal(set) var motion: Motion
    /// With the states of its pieces.
    public internal(set) var ensemble: Ensemble
    public let interaction: any Interaction
    public let biases: [any Bias]
    public var guards: Guards
    public let cancellation: Cancellation
    /// The conserved energy over the steps since the start or `resetStatistics`.
    public internal(set) var driftFit = DriftFit()

    /// When `advance` ends, at the latest; as if it were cancelled.
    public var deadline: ContinuousClock.Instant?
    public var isLate: Bool { deadline.map { $0 <= .now } ?? false }

    let removesRotation: Bool
    /// Steps between the frames that carry what the interaction predicts beside energy and forces (dipoles, charges,
    /// …); `nil` where none does.
    public let propertyInterval: Int?
    /// Where the present step began, from which a run that has failed can be looked at.
    private(set) var beforeStep: Moment
    private let limits: MinimumDistances
    private let evaluator: Evaluator
    /// Of the cheap forces of several timesteps.
    private let cheapEvaluator: Evaluator?
    /// Of `motion`, kept because every step needs it several times.
    var kineticEnergy = 0.0
    /// Steps, and the time they took in all, since the statistics began; where the evaluator's clock stood then.
    private var progress: Pace
    private var earlier = EvaluationClock()

    /// Begins at the positions and velocities of the structure; without velocities the atoms rest. The motion of the
    /// whole is taken out where the ensemble would keep it.
    ///
    /// - Parameters:
    ///   - removesRotation: also take out the rotation of an open system.
    ///   - masses: amu, `[atom]`; unless given those of the structure, or standard atomic weights.
    ///   - constraints: what cannot move, or not by itself; velocities lose what that does not allow. Where atoms are
    ///     fixed nothing of the motion of the whole is taken out.
    ///   - biases: restraints, walls and the like, whose energy is part of the potential energy.
    ///   - skin: how far beyond the cutoff neighbours are listed, in Å. It changes the speed and not a bit of the
    ///     results.
    ///   - propertyInterval: steps between frames that carry the interaction's other properties; none does without it.
    /// - Throws: `SimulationError` for settings that make no sense and for a start that the guards do not allow; the
    ///   errors of the interaction.
    public convenience init(
        of structure: Structure, under interaction: any Interaction, by ensemble: Ensemble,
        removesRotation: Bool = false, masses: [Double]? = nil, constraints: Constraints = Constraints(),
        skin: Double = 0.5, guards: Guards = Guards(), biases: [any Bias] = [], propertyInterval: Int? = nil,
        cancellation: Cancellation = Cancellation(), parallelism: Parallelism = .allCores
    ) throws {
        try self.init(
            of: Motion(of: structure, masses: masses, constraints: constraints, parallelism: parallelism),
            under: interaction, by: ensemble, removesRotation: removesRotation, skin: skin, guards: guards,
            biases: biases, propertyInterval: propertyInterval, cancellation: cancellation)
        try takeOutWhatCannotMove()
        try checkStart()
    }

    /// Continues a motion as it is, as after a restart.
    init(
        of motion: Motion, under interaction: any Interaction, by ensemble: Ensemble, removesRotation: Bool,
        skin: Double, guards: Guards, biases: [any Bias] = [], propertyInterval: Int? = nil,
        cancellation: Cancellation
    ) throws {
        try ensemble.validate()
        precondition(
            propertyInterval ?? 1 >= 1, "expected a step or more between properties, got \(propertyInterval!)")
        var motion = motion
        motion.result.wantsProperties = propertyInterval != nil || biases.contains(where: \.wantsProperties)
        motion.isHeldFromOutside = biases.contains(where: \.actsFromOutside)
        if ensemble.movesCell, let bias = biases.first(where: \.actsFromOutside) {
            throw SimulationError(
                .invalidSetting,
                "What is held in space does not move with the cell; expected no restraints of positions and no walls under a "
                    + "barostat, found \(bias.description).")
        }
        if ensemble.stepsAtOnce > 1 { try SimulationError.validate(free: motion, in: "two timesteps") }
        try Self.validate(motion, removesRotation: removesRotation, skin: skin)
        try interaction.check(elements: motion.elements)
        self.motion = motion
        self.biases = biases
        self.interaction = interaction
        self.ensemble = ensemble
        self.removesRotation = removesRotation
        self.propertyInterval = propertyInterval
        self.guards = guards
        self.cancellation = cancellation
        limits = guards.minimumDistances ?? interaction.minimumDistances ?? MinimumDistances()
        evaluator = Evaluator(interaction, skin: skin, parallelism: motion.parallelism)
        cheapEvaluator = try ensemble.cheapEvaluator(of: interaction, skin: skin, parallelism: motion.parallelism)
        progress = Pace(atomCount: motion.count)
        beforeStep = Moment(motion, ensemble)
        try evaluate(&self.motion, atStep: motion.step)
        kineticEnergy = self.motion.kineticEnergy
        try self.ensemble.prepare(for: self.motion, degreesOfFreedom: degreesOfFreedom) {
            try evaluate(&$0, atStep: $0.step, isTrial: true)
        }
        resetStatistics()
    }

    private static func validate(_ motion: Motion, removesRotation: Bool, skin: Double) throws {
        if let atom = motion.masses.firstIndex(where: { !($0.isFinite && $0 > 0) }) {
            throw SimulationError(
                .invalidSetting,
                "The mass of atom \(atom + 1) (\(motion.elements[atom])) must be above 0 amu; got "
                    + "\(motion.masses[atom]) amu.")
        }
        if let atom = motion.velocities.firstIndex(where: { !dot($0, $0).isFinite }) {
            throw SimulationError(
                .notFinite, step: motion.step,
                "The velocity of atom \(atom + 1) (\(motion.elements[atom])) is not a number: "
                    + "\(motion.velocities[atom]) Å/fs.")
        }
        guard !removesRotation || motion.cell == nil || motion.cell!.isPeriodic == SIMD3(0, 0, 0) else {
            throw SimulationError(
                .invalidSetting, "The rotation of a periodic system cannot be taken out: it has none as a whole.")
        }
        guard !removesRotation || !motion.exchangesMomentum else {
            throw SimulationError(
                .invalidSetting,
                "The rotation of a system that is held in space cannot be taken out: it has none as a whole."
            )
        }
        guard skin.isFinite, skin >= 0 else {
            throw SimulationError(.invalidSetting, "The skin must be at least 0 Å; got \(skin) Å.")
        }
    }
}

// MARK: - Running

extension Simulation {
    /// Runs for so many steps, or fewer when cancelled, and hands over a frame whenever the number of steps since the
    /// start is a multiple of `interval`. What moves several steps at once is asked for multiples of these.
    ///
    /// - Returns: the number of steps taken.
    /// - Throws: `SimulationError` when a guard stops the run, the errors of the interaction and those of `report`.
    @discardableResult
    public func advance(steps: Int, every interval: Int = 1, _ report: (Frame) throws -> Void = { _ in }) throws
        -> Int
    {
        precondition(steps >= 0 && interval >= 1, "expected steps ≥ 0 and an interval ≥ 1, got \(steps), \(interval)")
        precondition(
            steps.isMultiple(of: ensemble.stepsAtOnce),
            "expected a multiple of \(ensemble.stepsAtOnce) steps, got \(steps)")
        for taken in stride(from: 0, to: steps, by: ensemble.stepsAtOnce) {
            if cancellation.isCancelled || isLate { return taken }
            try step()
            if motion.step.isMultiple(of: interval) { try report(frame) }
        }
        return steps
    }

    func step() throws {
        let watch = Stopwatch()
        beforeStep.keep(motion, ensemble)
        let stepsAtOnce = ensemble.stepsAtOnce
        motion.result.wantsProperties =
            carriesProperties(atStep: motion.step + stepsAtOnce) || biases.contains(where: \.wantsProperties)
        try ensemble.step(&motion) { try evaluate(&$0, atStep: $0.step + stepsAtOnce) }
        motion.step += stepsAtOnce
        motion.time += ensemble.timestep.femtoseconds
        kineticEnergy = motion.kineticEnergy
        try guards.check(temperature: temperature, energy: totalEnergy, step: motion.step)
        try guards.check(motion.result.deviation, of: motion.elements, step: motion.step)
        driftFit.add(time: motion.time, energy: conservedEnergy)
        progress.steps += ensemble.stepsAtOnce
        progress.simulated = .femtoseconds(progress.simulated.femtoseconds + ensemble.timestep.femtoseconds)
        progress.total += watch.seconds
    }

    /// - Parameter isTrial: whether nothing comes of it, so that a bias that has a memory is not asked.
    private func evaluate(_ motion: inout Motion, atStep step: Int, isTrial: Bool = false) throws {
        try guards.check(positions: motion.positions, step: step)
        let elements = motion.elements
        let evaluator = motion.wantsCheapForces ? cheapEvaluator! : evaluator
        try evaluator.evaluate(
            elements: elements, positions: motion.positions, cell: motion.cell, into: &motion.result
        ) { try guards.check($0, of: elements, limits: limits, step: step) }
        guard !biases.isEmpty, !isTrial else { return }
        var sum = 0.0
        for bias in biases { sum += try bias.apply(to: &motion, atStep: step) }
        motion.biasEnergy = sum
    }

    private func carriesProperties(atStep step: Int) -> Bool {
        propertyInterval.map { step.isMultiple(of: $0) } ?? false
    }

    /// How fast it has been since the statistics began.
    public var pace: Pace {
        var pace = progress
        pace.neighbors = evaluator.clock.neighbors - earlier.neighbors
        pace.forces = evaluator.clock.forces - earlier.forces
        pace.rebuilds = evaluator.clock.rebuilds - earlier.rebuilds
        return pace
    }

    /// Draws velocities from the Maxwell–Boltzmann distribution and takes out the motion of the whole that the ensemble
    /// keeps at rest, and the rotation if it is to be removed.
    ///
    /// - Parameter isExact: scale to exactly this temperature. Otherwise the temperature of n degrees of freedom
    ///   scatters by √(2/n), as it does in the canonical ensemble.
    /// - Throws: `SimulationError` when there is nothing to scale, and when the guards do not allow the temperature.
    public func drawVelocities(at temperature: Temperature, seed: UInt64, isExact: Bool = false) throws {
        motion.drawVelocities(at: temperature, seed: seed)
        try takeOutWhatCannotMove()
        if isExact, temperature.kelvin > 0 {
            guard degreesOfFreedom > 0, motion.kineticEnergy > 0 else {
                throw SimulationError(
                    .invalidSetting,
                    "No velocities have exactly \(temperature.kelvin) K: without the motion of the whole the "
                        + "\(motion.count) atom\(motion.count == 1 ? "" : "s") can move in no direction "
                        + "(\(degreesOfFreedom) degrees of freedom).")
            }
            motion.scaleVelocities(to: temperature, degreesOfFreedom: degreesOfFreedom)
            kineticEnergy = motion.kineticEnergy
            resetStatistics()
        }
        try checkStart()
    }

    private func checkStart() throws {
        try guards.check(temperature: self.temperature, energy: totalEnergy, step: motion.step, isStart: true)
        try guards.check(motion.result.deviation, of: motion.elements, step: motion.step)
    }

    /// Begins pace and drift anew, for example after equilibration.
    public func resetStatistics() {
        progress = Pace(atomCount: motion.count)
        earlier = evaluator.clock
        driftFit = DriftFit()
        driftFit.add(time: motion.time, energy: conservedEnergy)
    }

    /// Turns all velocities round, those of thermostats too: what is reversible runs back to where it came from.
    public func reverse() {
        for atom in 0..<motion.count { motion.velocities[atom] *= -1 }
        ensemble.reverse()
    }

    /// The motion of the whole, and what constraints do not allow.
    private func takeOutWhatCannotMove() throws {
        try motion.constrainVelocities()
        if ensemble.conservesMomentum, !motion.exchangesMomentum { motion.removeMomentum() }
        if removesRotation { motion.removeRotation() }
        kineticEnergy = motion.kineticEnergy
        resetStatistics()
    }
}

// MARK: - The present moment

extension Simulation {
    /// 3N, less what is constrained or kept at rest: the centre of mass, and the rotation of an open system that had
    /// none.
    public var degreesOfFreedom: Int {
        motion.degreesOfFreedom(
            centreIsAtRest: ensemble.conservesMomentum,
            rotationIsAtRest: removesRotation && ensemble.conservesAngularMomentum)
    }

    /// K, of the internal motion.
    public var temperature: Double {
        let degrees = degreesOfFreedom
        return degrees > 0 ? 2 * kineticEnergy / (Double(degrees) * Units.boltzmann) : 0
    }

    public var totalEnergy: Double { motion.potentialEnergy + kineticEnergy }
    public var conservedEnergy: Double { totalEnergy - motion.heat }

    /// The slope of the conserved energy in eV per atom and ps; `nil` before the first step.
    public var drift: Double? { driftFit.drift(perAtomOf: motion.count) }

    /// The heat flux times the volume, Σ_i v_i (E_i + ½ m_i v_i²) + Σ_ij (r_i − r_j) (∂E_i/∂r_j·v_j), in eV Å/fs; `nil`
    /// where the interaction does not know how energy flows. It costs about three evaluations of forces.
    public func heatFlux() throws -> SIMD3<Double>? {
        try evaluator.energyFlow(
            elements: motion.elements, positions: motion.positions, cell: motion.cell, velocities: motion.velocities
        )?.heatFlux(energies: motion.result.atomicEnergies, masses: motion.masses, velocities: motion.velocities)
    }

    /// Everything about this moment. Shares the storage of the simulation, so it costs nothing unless it is kept.
    public var frame: Frame {
        var structure = Structure(elements: motion.elements, positions: motion.positions, cell: motion.cell)
        structure.velocities = motion.velocities
        if motion.hasOwnMasses { structure.masses = motion.masses }
        structure.forces = motion.forces
        structure.energy = motion.potentialEnergy
        structure.stress = motion.potentialStress
        structure.deviation = motion.result.deviation
        if carriesProperties(atStep: motion.step) { structure.properties = motion.result.properties }
        var frame = Frame(structure: structure, step: motion.step, time: motion.time)
        frame.kineticEnergy = kineticEnergy
        frame.temperature = temperature
        frame.totalStress = motion.totalStress
        frame.conservedEnergy = conservedEnergy
        frame.drift = drift
        frame.biasEnergy = motion.biasEnergy
        return frame
    }
}
