import Atoms
import Compute
import Dynamics
import Foundation
import Interactions
import Logging
import Potentials
import Trajectory

/// One simulation from the first line on the terminal to the last.
struct MDRun {
    enum Start {
        case structure(Structure)
        /// Files of the run before are continued.
        case continuation(MDContinuation)
    }

    let settings: MDSettings
    let potential: MDPotential
    let start: Start
    let simulation: Simulation
    let outputs: MDOutputs
    /// `nil` for those of a checkpoint.
    let velocities: MDSettings.Velocities?
    private let cancellation: Cancellation
    /// Since the beginning of the command, if it may not take as long as it likes.
    var deadline: ContinuousClock.Instant?
    /// Of the frames reported after the start.
    private(set) var temperatures = Average()
    /// GPa
    private(set) var pressures = Average()
    /// Å³ an atom
    private(set) var volumes = Average()

    struct Average {
        private(set) var count = 0
        private(set) var mean = 0.0
        private var squares = 0.0

        /// Welford's recurrence.
        mutating func add(_ value: Double) {
            count += 1
            let difference = value - mean
            mean += difference / Double(count)
            squares += difference * (value - mean)
        }

        var spread: Double { (squares / Double(max(1, count))).squareRoot() }
    }

    /// Throws when settings, structure and potential do not fit together; writes nothing.
    init(
        _ settings: MDSettings, _ potential: MDPotential, _ interaction: any Interaction, _ start: Start,
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
        if !potential.isCommittee, let key = needsCommittee.first(where: \.1)?.0 {
            throw CommandError(
                "\(key): expected a committee, whose members can disagree, found a single potential (\(settings.potential.name)); train one with committee: {members: 4}"
            )
        }
        try Self.checkProperties(settings, potential, interaction, start)
        let guards = Self.guards(settings, potential)
        var structure: Structure
        switch start {
        case .continuation(let continuation):
            velocities = nil
            let checkpoint = continuation.checkpoint
            simulation = try Simulation(
                continuing: checkpoint, under: interaction, by: settings.dynamics,
                constraints: try continuation.constraints(settings), skin: settings.skin, guards: guards,
                biases: try Self.biases(
                    settings, potential, interaction, checkpoint.structure, checkpoint.masses, checkpoint),
                propertyInterval: outputs.propertyInterval, cancellation: cancellation, parallelism: parallelism)
            return
        case .structure(let given): structure = given
        }
        velocities = try Self.velocities(settings, structure)
        if case .structure = velocities {} else { structure.velocities = nil }
        let masses = try settings.constraints.masses(of: structure)
        simulation = try Simulation(
            of: structure, under: interaction, by: settings.dynamics, removesRotation: settings.removesRotation,
            masses: masses, constraints: try settings.constraints.constraints(of: structure), skin: settings.skin,
            guards: guards,
            biases: try Self.biases(
                settings, potential, interaction, structure,
                masses ?? structure.masses ?? structure.elements.map(\.mass), nil),
            propertyInterval: outputs.propertyInterval, cancellation: cancellation, parallelism: parallelism)
        if case .random(let temperature, let isExact) = velocities {
            try simulation.drawVelocities(at: temperature, seed: settings.seed, isExact: isExact)
        }
    }

    /// Whether frames can have the properties that settings ask for.
    private static func checkProperties(
        _ settings: MDSettings, _ potential: MDPotential, _ interaction: any Interaction, _ start: Start
    ) throws {
        let structure =
            switch start {
            case .structure(let structure): structure
            case .continuation(let continuation): continuation.checkpoint.structure
            }
        let predicted = interaction.properties.filter(Property.others.contains)
        let wanted: [Property]
        switch settings.trajectory?.properties ?? .none {
        case .none: return
        case .all: wanted = predicted.filter(structure.allows)
        case .named(let names): wanted = names
        }
        func error(_ message: String) -> CommandError { CommandError("trajectory.properties: \(message)") }
        let names = predicted.map(\.name).joined(separator: ", ")
        if let other = wanted.first(where: { !predicted.contains($0) }) {
            throw error(
                "\(settings.potential.name) predicts \(names.isEmpty ? "energy, forces and stress alone" : names), and no \(other); train one with loss: {\(other): 1}"
            )
        }
        if let other = wanted.first(where: { !structure.allows($0) }) {
            throw error(
                "the structure repeats, and a crystal has no \(other); for a molecule in a box take the box away (pbc=\"F F F\")"
            )
        }
        guard !wanted.isEmpty else {
            throw error(
                "expected a potential that predicts some for this structure, found \(settings.potential.name), which predicts \(names.isEmpty ? "energy, forces and stress alone" : names)"
            )
        }
    }

    static func guards(_ settings: MDSettings, _ potential: MDPotential) -> Guards {
        var guards = Guards()
        guards.minimumDistances = potential.minimumDistances.scaled(by: settings.minimumDistance)
        guards.highestTemperature = settings.highestTemperature
        guards.largestForceDeviation = settings.largestForceDeviation
        return guards
    }

    /// Of the table, beside those that every run has.
    var columns: [ThermoQuantity] { settings.columns(isCommittee: potential.isCommittee) }

    /// Of trajectories.
    var title: String { "\(simulation.frame.structure.formula), \(settings.ensembleDescription)" }

    mutating func run() throws {
        if settings.heatFlux != nil, try simulation.heatFlux() == nil {
            throw CommandError(
                "heat_flux: expected a potential that knows how energy flows, found \(settings.potential.name), which does not"
            )
        }
        for line in introduction { Terminal.print(line) }
        for warning in warnings { Logger(label: "apus").warning("\(warning)") }
        try outputs.open(
            title: title, programVersion: ProgramVersion.number, structure: simulation.frame.structure,
            columns: columns)
        var table = MDTable(
            steps: settings.steps, every: settings.reportEvery, isCommittee: potential.isCommittee,
            movesCell: simulation.ensemble.movesCell, isBiased: !simulation.biases.isEmpty)
        table.begin()
        simulation.deadline = deadline
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
            let failure = error is SimulationError ? writeFailure() : ""
            try? outputs.close()
            let files = outputs.filesWithFrames
            var message = CommandError.message(of: error)
            if !files.isEmpty { message += " The frames before it are in \(files.joined(separator: ", "))." }
            throw CommandError(message + failure)
        }
        try outputs.close()
        for line in conclusion { Terminal.print(line) }
    }

    private mutating func report(_ frame: Frame, _ table: inout MDTable) throws {
        try record(frame)
        if outputs.wantsCheckpoint(at: frame.step) { try writeCheckpoint() }
        table.show(frame, of: simulation)
    }

    /// To the files, and to the averages.
    mutating func record(_ frame: Frame) throws {
        var frame = frame
        if outputs.wantsHeatFlux(at: frame.step) { frame.heatFlux = try simulation.heatFlux() }
        try outputs.append(frame)
        if frame.step > 0, let temperature = frame.temperature {
            temperatures.add(temperature)
            if let pressure = frame.pressure { pressures.add(pressure * Units.gigapascal) }
            if let cell = frame.structure.cell { volumes.add(cell.volume / Double(max(1, frame.structure.count))) }
        }
    }

    private func writeCheckpoint() throws {
        guard let path = settings.checkpoint?.file else { return }
        try write(try simulation.checkpoint(), to: path)
    }

    /// The last moment before a failure, to go on from, and the structures then and after, to look at. Returns where
    /// they are.
    private func writeFailure() -> String {
        guard let path = settings.checkpoint?.file else { return "" }
        let stem = (path as NSString).deletingPathExtension
        let (checkpoint, structures) = ("\(stem).failure.checkpoint", "\(stem).failure.xyz")
        do {
            try write(try simulation.checkpointBeforeStep(), to: checkpoint)
            let file = try ExtendedXYZTrajectory(structures, existing: .overwrite)
            for frame in simulation.framesOfFailure { try file.append(frame) }
            try file.close()
        } catch {
            return " What came before it could not be written: \(CommandError.message(of: error))"
        }
        return " The moment before it is in \(structures) and \(checkpoint)."
    }

    func write(_ checkpoint: Checkpoint, to path: String) throws {
        var checkpoint = checkpoint
        checkpoint.settings = potential.identity(precision: settings.precision)
        checkpoint.configuration = try settings.source.yaml()
        // The frames are on disk before the checkpoint that counts them.
        try outputs.synchronize()
        checkpoint.files = outputs.marks
        try checkpoint.write(to: path)
    }

    private static func biases(
        _ settings: MDSettings, _ potential: MDPotential, _ interaction: any Interaction, _ structure: Structure,
        _ masses: [Double], _ checkpoint: Checkpoint?
    ) throws -> [any Bias] {
        guard !settings.biases.isEmpty else { return [] }
        return try settings.biases.biases(
            of: structure, masses: masses, charges: potential.charges(of: structure.elements),
            predictsCharges: interaction.properties.contains(.charges), continuing: checkpoint,
            temperature: settings.dynamics.temperature, timestep: settings.timestep)
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
            if settings.velocitySource == nil, let place = settings.keysOfRandomVelocities.first {
                throw place.error(
                    "has no effect, because \(settings.start.file) has velocities; expected velocities.from: structure "
                        + "to take them, or velocities.from: random to draw others")
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
