import Atoms
import Compute
import Dynamics
import Foundation
import Interactions
import Logging
import Potentials

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
        var guards = Guards()
        guards.minimumDistances = potential.minimumDistances.scaled(by: settings.minimumDistance)
        guards.highestTemperature = settings.highestTemperature
        guards.largestForceDeviation = settings.largestForceDeviation
        var structure: Structure
        switch start {
        case .continuation(let continuation):
            velocities = nil
            simulation = try Simulation(
                continuing: continuation.checkpoint, under: interaction, by: settings.dynamics,
                fixed: try settings.fixedAtoms(of: continuation.checkpoint.structure.count), skin: settings.skin,
                guards: guards, cancellation: cancellation, parallelism: parallelism)
            return
        case .structure(let given): structure = given
        }
        velocities = try Self.velocities(settings, structure)
        if case .structure = velocities {} else { structure.velocities = nil }
        simulation = try Simulation(
            of: structure, under: interaction, by: settings.dynamics, removesRotation: settings.removesRotation,
            fixed: try settings.fixedAtoms(of: structure.count), skin: settings.skin, guards: guards,
            cancellation: cancellation, parallelism: parallelism)
        if case .random(let temperature, let isExact) = velocities {
            try simulation.drawVelocities(at: temperature, seed: settings.seed, isExact: isExact)
        }
    }

    mutating func run() throws {
        if settings.heatFlux != nil, try simulation.heatFlux() == nil {
            throw CommandError(
                "heat_flux: expected a potential that knows how energy flows, found \(settings.potential.name), which does not"
            )
        }
        for line in introduction { Terminal.print(line) }
        for warning in warnings { Logger(label: "apus").warning("\(warning)") }
        let title = "\(simulation.frame.structure.formula), \(settings.ensembleDescription)"
        try outputs.open(
            title: title, programVersion: ProgramVersion.number, structure: simulation.frame.structure,
            isCommittee: potential.isCommittee)
        var table = MDTable(
            steps: settings.steps, every: settings.reportEvery, isCommittee: potential.isCommittee,
            movesCell: simulation.ensemble.movesCell)
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
            let files = outputs.filesWithFrames
            let paths = files.isEmpty ? "" : " The frames before it are in \(files.joined(separator: ", "))."
            throw CommandError(CommandError.message(of: error) + paths)
        }
        try outputs.close()
        for line in conclusion { Terminal.print(line) }
    }

    private mutating func report(_ frame: Frame, _ table: inout MDTable) throws {
        var frame = frame
        if outputs.wantsHeatFlux(at: frame.step) { frame.heatFlux = try simulation.heatFlux() }
        try outputs.append(frame)
        if outputs.wantsCheckpoint(at: frame.step) { try writeCheckpoint() }
        if frame.step > 0, let temperature = frame.temperature {
            temperatures.add(temperature)
            if let pressure = frame.pressure { pressures.add(pressure * Units.gigapascal) }
            if let cell = frame.structure.cell { volumes.add(cell.volume / Double(max(1, frame.structure.count))) }
        }
        table.show(frame, of: simulation)
    }

    private func writeCheckpoint() throws {
        guard let path = settings.checkpoint?.file else { return }
        var checkpoint = try simulation.checkpoint()
        checkpoint.settings = potential.identity(precision: settings.precision)
        checkpoint.configuration = try settings.source.yaml()
        checkpoint.files = outputs.marks
        // The frames are on disk before the checkpoint that counts them.
        try outputs.synchronize()
        try checkpoint.write(to: path)
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
