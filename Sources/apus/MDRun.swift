import Atoms
import Compute
import Dynamics
import Foundation
import Interactions
import Network

/// One simulation from the first line on the terminal to the last.
struct MDRun {
    private let settings: MDSettings
    private let potential: Potential
    private let simulation: Simulation
    private let outputs: MDOutputs
    private let velocities: MDSettings.Velocities
    private let cancellation: Cancellation
    /// Of the frames reported after the start.
    private var temperatures: (count: Int, sum: Double, squares: Double) = (0, 0, 0)

    /// Throws when settings, structure and potential do not fit together; writes nothing.
    init(
        _ settings: MDSettings, _ potential: Potential, _ interaction: any Interaction, _ structure: Structure,
        _ outputs: MDOutputs, parallelism: Parallelism
    ) throws {
        self.settings = settings
        self.potential = potential
        self.outputs = outputs
        cancellation = Interruption.cancellation
        velocities = try Self.velocities(settings, structure)
        var structure = structure
        if case .structure = velocities {} else { structure.velocities = nil }
        var guards = Guards()
        guards.minimumDistances = potential.minimumDistances.scaled(by: settings.minimumDistance)
        guards.highestTemperature = settings.highestTemperature
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
            title: title, programVersion: ProgramVersion.number, structure: simulation.frame.structure)
        var table = MDTable(steps: settings.steps, every: settings.reportEvery)
        table.begin()
        do {
            try report(simulation.frame, &table)
            let files = outputs.interval ?? settings.reportEvery
            let interval = Terminal.isInteractive ? 1 : greatestCommonDivisor(files, settings.reportEvery)
            try simulation.advance(steps: settings.steps, every: interval) { try report($0, &table) }
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
        if frame.step > 0, let temperature = frame.temperature {
            temperatures.count += 1
            temperatures.sum += temperature
            temperatures.squares += temperature * temperature
        }
        table.show(frame, of: simulation)
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

// MARK: - What is said before and after

extension MDRun {
    private var introduction: [String] {
        let (structure, pace) = (simulation.frame.structure, simulation.motion.parallelism)
        let simd =
            "\(BuildTarget.simdBits)-bit SIMD\(BuildTarget.hasFusedMultiplyAdd ? "" : " WITHOUT FMA, so very slow")"
        var rows = [
            ["Apus", "\(ProgramVersion.number), built for \(simd), \(Written.count(pace.threads, "thread"))"],
            ["potential", "\(settings.potential): \(PotentialSummary(potential).line)"],
        ]
        if let errors = PotentialSummary(potential).errors { rows.append(["", errors]) }
        rows.append([
            "structure",
            "\(settings.start.file): \(structure.formula), \(Written.count(structure.count, "atom"))\(cell(structure))",
        ])
        rows.append(["ensemble", settings.ensembleDescription + ", seed \(settings.seed)"])
        rows.append(["velocities", velocityDescription])
        let time = Double(settings.steps) * settings.timestep.femtoseconds
        rows.append(["run", "\(Written.count(settings.steps, "step")), \(Written.short(time * 1e-3)) ps"])
        if !outputs.paths.isEmpty { rows.append(["writes", outputs.paths.joined(separator: ", ")]) }
        return Terminal.table(rows, leftAligned: [0, 1]) + [""]
    }

    private func cell(_ structure: Structure) -> String {
        guard let cell = structure.cell else { return ", open" }
        let (l, a) = cell.lengthsAndAngles
        let lengths = [l.x, l.y, l.z].map { Written.fixed($0, 3) }.joined(separator: " × ")
        let isRectangular = [a.x, a.y, a.z].allSatisfy { abs($0 - 90) < 1e-6 }
        let angles =
            isRectangular
            ? "" : " (" + [a.x, a.y, a.z].map { Written.fixed($0, 1) + "°" }.joined(separator: ", ") + ")"
        let periodic =
            cell.isFullyPeriodic ? "" : ", periodic " + (0..<3).map { cell.repeats(along: $0) ? "T" : "F" }.joined()
        return ", \(lengths) Å\(angles)\(periodic)"
    }

    private var velocityDescription: String {
        switch velocities {
        case .structure: "from the structure file (\(Written.fixed(simulation.temperature, 1)) K)"
        case .zero: "zero"
        case .random(let temperature, let isExact):
            "drawn at \(Written.short(temperature.kelvin)) K\(isExact ? ", scaled to it exactly" : "")"
        }
    }

    private var conclusion: [String] {
        let pace = simulation.pace
        let (step, time) = (simulation.motion.step, simulation.motion.time * 1e-3)
        let isWhole = step == settings.steps
        var rows: [[String]] = []
        func add(_ name: String, _ text: String) { rows.append([name, text]) }
        if temperatures.count > 1 {
            let mean = temperatures.sum / Double(temperatures.count)
            let spread = max(0, temperatures.squares / Double(temperatures.count) - mean * mean).squareRoot()
            add(
                "temperature",
                "\(Written.fixed(mean, 1)) K on average, standard deviation \(Written.fixed(spread, 1)) K")
        }
        if pace.steps > 1 {
            let scatter = simulation.driftFit.scatter.map { $0 * 1e3 / Double(max(1, simulation.motion.count)) }
            add(
                "conserved",
                "drift \(Written.scientific(simulation.drift)) eV/atom/ps"
                    + (scatter.map { ", scatter about it \(Written.short($0, 2)) meV/atom" } ?? ""))
        }
        if pace.steps > 0 {
            add(
                "speed",
                "\(Written.fixed(pace.microsecondsPerAtomAndStep, 1)) µs/atom/step, "
                    + "\(Written.short(pace.nanosecondsPerDay, 3)) ns/day; forces \(percent(pace.forces, of: pace.total)), "
                    + "neighbours \(percent(pace.neighbors, of: pace.total)) (\(Written.count(pace.rebuilds, "rebuild")))"
            )
        }
        for (index, line) in outputs.summary.enumerated() { add(index == 0 ? "wrote" : "", line) }
        for (index, line) in suggestions.enumerated() { add(index == 0 ? "try next" : "", line) }
        let head =
            isWhole
            ? "Done: \(Written.count(step, "step")), \(Written.short(time)) ps"
            : "Interrupted after \(step) of \(settings.steps) steps (\(Written.short(time)) ps); the files are complete up to there"
        return ["", head] + Terminal.table(rows, leftAligned: [0, 1])
    }

    private func percent(_ part: Double, of total: Double) -> String {
        total > 0 ? "\(Int((100 * part / total).rounded())) %" : "-"
    }

    private var suggestions: [String] {
        guard let trajectory = settings.trajectory else {
            return ["add trajectory: {every: 10, file: trajectory.nc} to see atoms move"]
        }
        var lines = ["apus info \(trajectory.stream.file)"]
        if trajectory.format == .netcdf, let topology = trajectory.topology {
            lines.append(
                "python -c 'import MDAnalysis as m; print(m.Universe(\"\(topology)\", \"\(trajectory.stream.file)\").trajectory)'"
            )
        } else {
            lines.append("ase gui \(trajectory.stream.file)")
        }
        return lines
    }
}
