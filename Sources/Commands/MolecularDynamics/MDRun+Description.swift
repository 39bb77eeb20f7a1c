import Atoms
import Compute
import Dynamics
import Foundation
import Potentials

// What is said before and after a simulation.

extension MDRun {
    var introduction: [String] {
        let (structure, pace) = (simulation.frame.structure, simulation.motion.parallelism)
        var rows =
            [
                [
                    "Apus",
                    "\(ProgramVersion.number), \(BuildTarget.description), \(Written.count(pace.threads, "thread"))",
                ]
            ] + potential.rows
        rows.append([
            "structure",
            "\(source): \(structure.formula), \(Written.count(structure.count, "atom"))\(cell(structure))",
        ])
        if let masses = massDescription { rows.append(["masses", masses]) }
        for (index, line) in constraintDescription.enumerated() {
            rows.append([index == 0 ? "constraints" : "", line])
        }
        for bias in simulation.biases { rows.append(["bias", bias.description]) }
        rows.append(["ensemble", settings.ensembleDescription + ", seed \(settings.seed)"])
        rows.append(["velocities", velocityDescription])
        rows.append(["run", runDescription])
        let withoutEffect = settings.withoutEffect + (isBathUnused ? ["ensemble.temperature"] : [])
        if !withoutEffect.isEmpty { rows.append(["not used", withoutEffect.joined(separator: ", ")]) }
        for (index, change) in changes.enumerated() { rows.append([index == 0 ? "changed" : "", change]) }
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

    private var source: String {
        if case .continuation(let run) = start { run.path } else { settings.start.file }
    }

    private var runDescription: String {
        let (first, last) = (simulation.motion.step, settings.steps)
        let time = Double(last - first) * settings.timestep.femtoseconds
        let steps = "\(Written.count(last - first, "step")), \(Written.short(time * 1e-3)) ps"
        return first == 0 ? steps : steps + ", from step \(first) on"
    }

    private var changes: [String] {
        if case .continuation(let continuation) = start { continuation.changes } else { [] }
    }

    /// What people should know before they wait for the end.
    var warnings: [String] {
        switch start {
        case .continuation(let continuation): return continuation.warnings
        case .structure:
            guard case .structure = velocities, settings.start.supercell != [1, 1, 1] else { return [] }
            let copies = settings.start.supercell.reduce(1, *)
            let until =
                simulation.ensemble.isDeterministic ? "for ever" : "until the noise has parted them"
            return [
                "\(settings.start.file): all \(copies) copies of the supercell have the velocities of the file and move alike \(until); draw others with velocities: {from: random, temperature: …}"
            ]
        }
    }

    /// Without a bath the temperature is that of random velocities.
    private var isBathUnused: Bool {
        guard simulation.ensemble.temperature == nil, settings.ensemble.temperature != nil else { return false }
        if case .random = velocities { return false }
        return true
    }

    private var constraintDescription: [String] {
        let constraints = simulation.motion.wantedConstraints
        guard !constraints.isEmpty else { return [] }
        var lines: [String] = []
        if !constraints.fixed.isEmpty { lines.append("\(Written.count(constraints.fixed.count, "fixed atom"))") }
        if !constraints.bonds.isEmpty {
            let lengths = constraints.bonds.compactMap(\.length)
            lines.append(
                "\(Written.count(constraints.bonds.count, "bond")) of constant length, "
                    + "\(Written.fixed(lengths.min() ?? 0, 3))…\(Written.fixed(lengths.max() ?? 0, 3)) Å")
        }
        if !constraints.bodies.isEmpty {
            lines.append(
                "\(Written.count(constraints.bodies.count, "rigid group")) of "
                    + "\(Written.count(constraints.bodies.reduce(0) { $0 + $1.count }, "atom"))")
        }
        return [
            lines.joined(separator: ", ")
                + "; \(Written.count(simulation.degreesOfFreedom, "degree")) of freedom left"
        ]
    }

    /// Masses that are not the standard atomic weights, by element.
    private var massDescription: String? {
        let motion = simulation.motion
        guard motion.hasOwnMasses else { return nil }
        let masses = Dictionary(grouping: motion.masses.indices) { motion.elements[$0] }
        let ranges = masses.sorted { $0.key < $1.key }.map { element, atoms in
            let (least, most) = (
                atoms.map { motion.masses[$0] }.min() ?? 0, atoms.map { motion.masses[$0] }.max() ?? 0
            )
            let range =
                least == most ? Written.short(least, 6) : "\(Written.short(least, 6))…\(Written.short(most, 6))"
            return "\(element) \(range)"
        }
        return ranges.joined(separator: ", ") + " amu (not the standard atomic weights)"
    }

    private var velocityDescription: String {
        switch velocities {
        case nil: "as they were (\(Written.fixed(simulation.temperature, 1)) K)"
        case .structure: "from the structure file (\(Written.fixed(simulation.temperature, 1)) K)"
        case .zero: "zero"
        case .random(let temperature, let isExact):
            "drawn at \(Written.short(temperature.kelvin)) K\(isExact ? ", scaled to it exactly" : "")"
        }
    }

    var conclusion: [String] {
        let pace = simulation.pace
        let (step, time) = (simulation.motion.step, simulation.motion.time * 1e-3)
        let isWhole = step == settings.steps
        var rows: [[String]] = []
        func add(_ name: String, _ text: String) { rows.append([name, text]) }
        func average(_ name: String, _ values: Average, _ digits: Int, _ unit: String) {
            guard values.count > 1 else { return }
            add(
                name,
                "\(Written.fixed(values.mean, digits)) \(unit) on average, standard deviation "
                    + "\(Written.fixed(values.spread, digits)) \(unit)")
        }
        average("temperature", temperatures, 1, "K")
        if simulation.ensemble.movesCell {
            average("pressure", pressures, 4, "GPa")
            average("volume", volumes, 3, "Å³/atom")
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
            : "\(simulation.isLate ? "max_time reached" : "Interrupted") after \(step) of \(settings.steps) steps (\(Written.short(time)) ps); the files are complete up to there"
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
        if trajectory.format == .netcdf || trajectory.format == .dcd, let topology = trajectory.topology {
            lines.append(
                "python -c 'import MDAnalysis as m; print(m.Universe(\"\(topology)\", \"\(trajectory.stream.file)\").trajectory)'"
            )
        } else {
            lines.append("ase gui \(trajectory.stream.file)")
        }
        return lines
    }
}
