import Atoms
import Compute
import Dynamics
import Foundation
import Interactions
import Potentials

/// One simulation from the first line on the terminal to the last.
struct MDRun {
    enum Start {
        case structure(Structure)
        /// Files of the run before are continued.
        case checkpoint(Checkpoint)
    }

    let settings: MDSettings
    let potential: Potential
    let start: Start
    let simulation: Simulation
    let outputs: MDOutputs
    /// `nil` for those of a checkpoint.
    let velocities: MDSettings.Velocities?
    private let cancellation: Cancellation
    /// Of the frames reported after the start.
    private(set) var temperatures: (count: Int, sum: Double, squares: Double) = (0, 0, 0)

    /// Throws when settings, structure and potential do not fit together; writes nothing.
    init(
        _ settings: MDSettings, _ potential: Potential, _ interaction: any Interaction, _ start: Start,
        _ outputs: MDOutputs, parallelism: Parallelism
    ) throws {
        self.settings = settings
        self.potential = potential
        self.start = start
        self.outputs = outputs
        cancellation = Interruption.cancellation
        let needsCommittee = [
            ("guards.force_deviation", settings.largestForceDeviation != nil),
            ("candidates", settings.candidates != nil),
        ]
        if potential.members.count == 1, let key = needsCommittee.first(where: \.1)?.0 {
            throw CommandError(
                "\(key): expected a committee, whose members can disagree, found a single potential (\(settings.potential)); train one with committee: {members: 4}"
            )
        }
        var guards = Guards()
        guards.minimumDistances = potential.minimumDistances.scaled(by: settings.minimumDistance)
        guards.highestTemperature = settings.highestTemperature
        guards.largestForceDeviation = settings.largestForceDeviation
        var structure: Structure
        switch start {
        case .checkpoint(let checkpoint):
            velocities = nil
            simulation = try Simulation(
                continuing: checkpoint, under: interaction, by: settings.integrator, skin: settings.skin,
                guards: guards, cancellation: cancellation, parallelism: parallelism)
            return
        case .structure(let given): structure = given
        }
        velocities = try Self.velocities(settings, structure)
        if case .structure = velocities {} else { structure.velocities = nil }
        simulation = try Simulation(
            of: structure, under: interaction, by: settings.integrator, removesRotation: settings.removesRotation,
            skin: settings.skin, guards: guards, cancellation: cancellation, parallelism: parallelism)
        if case .random(let temperature, let isExact) = velocities {
            simulation.drawVelocities(at: temperature, seed: settings.seed, isExact: isExact)
        }
    }

    mutating func run() throws {
        for line in introduction { Terminal.print(line) }
        let title = "\(simulation.frame.structure.formula), \(settings.ensembleDescription)"
        try outputs.open(
            title: title, programVersion: ProgramVersion.number, structure: simulation.frame.structure,
            isCommittee: potential.members.count > 1)
        var table = MDTable(
            steps: settings.steps, every: settings.reportEvery, isCommittee: potential.members.count > 1)
        table.begin()
        do {
            if outputs.isContinuing {
                table.show(simulation.frame, of: simulation)
            } else {
                try report(simulation.frame, &table)
            }
            let files = outputs.interval ?? settings.reportEvery
            let interval = Terminal.isInteractive ? 1 : greatestCommonDivisor(files, settings.reportEvery)
            try simulation.advance(steps: max(0, settings.steps - simulation.motion.step), every: interval) {
                try report($0, &table)
            }
            try writeCheckpoint()
        } catch {
            try? outputs.close()
            let paths =
                outputs.paths.isEmpty ? "" : " The frames before it are in \(outputs.paths.joined(separator: ", "))."
            throw CommandError(CommandError.message(of: error) + paths)
        }
        try outputs.close()
        for line in conclusion { Terminal.print(line) }
    }

    private mutating func report(_ frame: Frame, _ table: inout MDTable) throws {
        try outputs.append(frame)
        if outputs.wantsCheckpoint(at: frame.step) { try writeCheckpoint() }
        if frame.step > 0, let temperature = frame.temperature {
            temperatures.count += 1
            temperatures.sum += temperature
            temperatures.squares += temperature * temperature
        }
        table.show(frame, of: simulation)
    }

    private func writeCheckpoint() throws {
        guard let path = settings.checkpoint?.file else { return }
        var checkpoint = simulation.checkpoint
        checkpoint.settings = settingsOfCheckpoint
        try checkpoint.write(to: path)
    }

    /// What a continuation should share with the run before.
    var settingsOfCheckpoint: [String: String] {
        [
            "ensemble": settings.ensembleDescription, "seed": "\(settings.seed)",
            "potential": "\(potential.provenance.created) (\(settings.potential))",
            "precision": (settings.precision ?? potential.precision).rawValue,
        ]
    }

    private static func velocities(_ settings: MDSettings, _ structure: Structure) throws -> MDSettings.Velocities {
        let source = settings.velocitySource ?? (structure.velocities == nil ? .random : .structure)
        switch source {
        case .zero: return .zero
        case .structure:
            guard structure.velocities != nil else {
                throw CommandError(
                    "\(settings.start.file): has no velocities; expected some because of velocities.from: structure")
            }
            return .structure
        case .random:
            guard let temperature = settings.startTemperature else {
                throw CommandError(
                    """
                    the structure has no velocities and no temperature is given to draw them at; add \
                    ensemble.temperature or velocities.temperature, or velocities.from: zero
                    """)
            }
            return .random(temperature, isExact: settings.isStartExact)
        }
    }
}

extension MDSettings {
    /// Throws when there is none, or nothing to go on to.
    func readCheckpoint() throws -> Checkpoint {
        guard let stream = checkpoint else {
            throw CommandError("--resume needs a checkpoint; expected checkpoint: {every: STEPS, file: NAME}")
        }
        guard FileManager.default.fileExists(atPath: stream.file) else {
            throw CommandError("\(stream.file): no such file; run without --resume to begin")
        }
        let checkpoint = try Checkpoint(contentsOf: stream.file)
        guard checkpoint.step < steps else {
            throw CommandError(
                "\(stream.file): the run has taken \(checkpoint.step) steps; to go on, raise steps above that, for example --set steps=\(2 * checkpoint.step)"
            )
        }
        return checkpoint
    }

    var integrator: any Integrator {
        switch ensemble {
        case .nve: VelocityVerlet(timestep: timestep)
        case .langevin(let temperature, let friction, let keepsCentreOfMass):
            Langevin(
                timestep: timestep, temperature: temperature, friction: friction, seed: seed,
                keepsCentreOfMass: keepsCentreOfMass)
        }
    }

    var ensembleDescription: String {
        let dt = "timestep \(Written.short(timestep.femtoseconds)) fs"
        switch ensemble {
        case .nve: return "constant energy (nve), \(dt)"
        case .langevin(let temperature, let friction, _):
            return "Langevin at \(Written.short(temperature.kelvin)) K, friction "
                + "\(Written.short(friction.perFemtosecond * 1e3))/ps, \(dt)"
        }
    }
}
