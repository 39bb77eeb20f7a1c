import Atoms
import Compute
import Potentials

/// What `apus serve` says before it connects.
struct ServeIntroduction {
    let potential: (file: String, content: Potential)
    let structure: (file: String, content: Structure)
    let precision: Potential.Precision
    let threads: Int

    var lines: [String] {
        let summary = PotentialSummary(potential.content)
        let atoms = structure.content
        var rows = [
            ["Apus", "\(ProgramVersion.number), \(BuildTarget.description), \(Written.count(threads, "thread"))"],
            ["potential", "\(potential.file): \(summary.line)"],
        ]
        if let errors = summary.errors { rows.append(["", errors]) }
        if let distances = summary.unknownDistances { rows.append(["", distances]) }
        rows.append([
            "structure",
            "\(structure.file): \(atoms.formula), \(Written.count(atoms.count, "atom")), \(periodicity); positions and cell come from the server",
        ])
        rows.append(["precision", precision.rawValue])
        return Terminal.table(rows, leftAligned: [0, 1]) + [""]
    }

    private var periodicity: String {
        guard let cell = structure.content.cell, cell.isPeriodic != SIMD3(0, 0, 0) else { return "open" }
        if cell.isFullyPeriodic { return "periodic" }
        let names = ["first", "second", "third"]
        return "periodic along the "
            + (0..<3).filter(cell.repeats).map { names[$0] }.joined(separator: " and ") + " vector of the cell"
    }
}
