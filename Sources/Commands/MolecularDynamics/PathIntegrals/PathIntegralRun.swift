import Atoms
import Compute
import Dynamics
import Foundation
import Potentials
import Trajectory

/// A path integral from the first line on the terminal to the last.
struct PathIntegralRun {
    let settings: MDSettings
    let keys: PathIntegralKeys
    let potential: MDPotential
    let simulation: PathIntegral
    let outputs: MDOutputs
    /// Of each bead, or none.
    let beads: [MDOutputs]
    let changes: [String]
    /// Of the frames that were reported.
    private var kinetic = MDRun.Average()
    private var primitive = MDRun.Average()
    private var potentialEnergy = MDRun.Average()
    private var temperatures = MDRun.Average()

    init(
        settings: MDSettings, keys: PathIntegralKeys, potential: MDPotential, simulation: PathIntegral,
        outputs: MDOutputs, beads: [MDOutputs], changes: [String]
    ) {
        self.settings = settings
        self.keys = keys
        self.potential = potential
        self.simulation = simulation
        self.outputs = outputs
        self.beads = beads
        self.changes = changes
    }

    mutating func run() throws {
        for line in introduction { Terminal.print(line) }
        let structure = simulation.frame.structure
        let title = "\(structure.formula), \(keys.beads) beads, \(settings.ensembleDescription)"
        for files in [outputs] + beads {
            try files.open(
                title: title, programVersion: ProgramVersion.number, structure: structure,
                columns: settings.columns(isCommittee: false))
        }
        var table = MDTable(
            steps: settings.steps, every: settings.reportEvery, isCommittee: false, movesCell: false,
            isBiased: false)
        table.begin()
        do {
            if outputs.isContinuing {
                table.show(simulation.frame, simulation.pace)
            } else {
                try report(simulation.frame, &table)
            }
            let intervals = ([outputs] + beads).compactMap(\.interval)
            let files = intervals.isEmpty ? settings.reportEvery : intervals.reduce(0, greatestCommonDivisor)
            let interval = Terminal.isInteractive ? 1 : greatestCommonDivisor(files, settings.reportEvery)
            try simulation.advance(steps: max(0, settings.steps - simulation.step), every: interval) {
                try report($0, &table)
            }
            try writeCheckpoint()
        } catch {
            for files in [outputs] + beads { try? files.close() }
            let files = ([outputs] + beads).flatMap(\.filesWithFrames)
            throw CommandError(
                CommandError.message(of: error)
                    + (files.isEmpty ? "" : " The frames before it are in \(files.joined(separator: ", "))."))
        }
        for files in [outputs] + beads { try files.close() }
        for line in conclusion { Terminal.print(line) }
    }

    private mutating func report(_ frame: Frame, _ table: inout MDTable) throws {
        try outputs.append(frame)
        if let every = beads.first?.interval, frame.step.isMultiple(of: every) {
            for (files, bead) in zip(beads, simulation.beadFrames) { try files.append(bead) }
        }
        if outputs.wantsCheckpoint(at: frame.step) { try writeCheckpoint() }
        if frame.step > 0 {
            kinetic.add(frame.kineticEnergy ?? 0)
            primitive.add(frame.primitiveKineticEnergy ?? 0)
            potentialEnergy.add(frame.structure.energy ?? 0)
            temperatures.add(frame.temperature ?? 0)
        }
        table.show(frame, simulation.pace)
    }

    private func writeCheckpoint() throws {
        guard let path = settings.checkpoint?.file else { return }
        var set = simulation.checkpoint()
        set.checkpoints[0].settings = potential.identity(precision: settings.precision)
        set.checkpoints[0].configuration = try settings.source.yaml()
        set.checkpoints[0].files = outputs.marks
        try outputs.synchronize()
        for (index, files) in beads.enumerated() {
            set.checkpoints[index].files.merge(files.marks) { $1 }
            try files.synchronize()
        }
        for index in set.checkpoints.indices {
            set.checkpoints[index].configuration = set.checkpoints[0].configuration
        }
        try set.write(to: path)
    }

    private var introduction: [String] {
        let structure = simulation.frame.structure
        let how = simulation.settings
        var rows =
            [
                [
                    "Apus",
                    "\(ProgramVersion.number), \(BuildTarget.description), \(Written.count(simulation.threads, "thread"))",
                ]
            ] + potential.rows
        rows.append([
            "structure", "\(settings.start.file): \(structure.formula), \(Written.count(structure.count, "atom"))",
        ])
        let thermostat =
            how.friction.map {
                "PILE-L, centroid friction \(Written.short($0.perFemtosecond * 1e3))/ps, damping of the rings \(Written.short(how.damping))"
            } ?? "no thermostat (ring-polymer molecular dynamics)"
        rows.append([
            "quantum",
            "\(Written.count(how.beads, "bead")) at \(Written.short(how.temperature.kelvin)) K, \(thermostat), seed \(settings.seed)",
        ])
        rows.append([
            "run",
            "\(Written.count(settings.steps - simulation.step, "step")) of \(Written.short(settings.timestep.femtoseconds)) fs",
        ])
        if !settings.withoutEffect.isEmpty {
            rows.append(["not used", settings.withoutEffect.joined(separator: ", ")])
        }
        for (index, change) in changes.enumerated() { rows.append([index == 0 ? "changed" : "", change]) }
        rows.append(["E_kin", "the quantum kinetic energy by the centroid virial estimator"])
        let paths = ([outputs] + beads).flatMap(\.paths)
        if !paths.isEmpty {
            rows.append(["writes", paths.prefix(8).joined(separator: ", ") + (paths.count > 8 ? ", …" : "")])
        }
        return Terminal.table(rows, leftAligned: [0, 1]) + [""]
    }

    private var conclusion: [String] {
        let step = simulation.step
        let head =
            step == settings.steps
            ? "Done: \(Written.count(step, "step")), \(Written.short(simulation.time * 1e-3)) ps"
            : "Interrupted after \(step) of \(settings.steps) steps; the files are complete up to there"
        var rows: [[String]] = []
        func average(_ name: String, _ values: MDRun.Average, _ digits: Int, _ unit: String) {
            guard values.count > 1 else { return }
            rows.append([
                name,
                "\(Written.fixed(values.mean, digits)) \(unit) on average, standard deviation \(Written.fixed(values.spread, digits)) \(unit)",
            ])
        }
        average("temperature", temperatures, 1, "K")
        average("potential", potentialEnergy, 5, "eV")
        average("kinetic", kinetic, 5, "eV (centroid virial)")
        average("", primitive, 5, "eV (primitive)")
        let pace = simulation.pace
        if pace.steps > 0 {
            rows.append([
                "speed",
                "\(Written.fixed(pace.microsecondsPerAtomAndStep, 1)) µs/atom/bead/step, \(Written.short(pace.total * 1e3 / Double(pace.steps), 3)) ms/step, \(Written.short(pace.nanosecondsPerDay, 3)) ns/day",
            ])
        }
        rows.append([
            "conserved", "drift \(Written.scientific(simulation.drift)) eV/atom/ps",
        ])
        for (index, line) in ([outputs] + beads).flatMap(\.summary).enumerated() {
            rows.append([index == 0 ? "wrote" : "", line])
        }
        return ["", head] + Terminal.table(rows, leftAligned: [0, 1])
    }
}
