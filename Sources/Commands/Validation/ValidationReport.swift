import Potentials

/// What `apus validate` found. Energies in eV, lengths in Å, times in ps.
struct ValidationReport: Encodable {
    var program = ProgramVersion.description
    var potential: String
    var summary: String
    /// The file; none for a reference structure of the potential.
    var structure: String?
    var formula: String
    /// Of the structure that moves.
    var atoms = 0
    var checks: [ValidationCheck] = []
    var dimers: [DimerCurve] = []
    var crystal: CrystalTrial?
    var conservation: [TrialRuns.Conservation] = []
    var survival: [TrialRuns.Survival] = []
    /// µs/atom/step
    var speed: Double?

    init(potential: String, summary: String, structure: String?, formula: String) {
        self.potential = potential
        self.summary = summary
        self.structure = structure
        self.formula = formula
    }

    var verdict: Verdict { checks.map(\.verdict).max() ?? .pass }

    private enum CodingKeys: String, CodingKey {
        case program, potential, summary, structure, formula, atoms, verdict, checks, dimers, crystal, conservation
        case survival
        case speed = "speed_us_per_atom_and_step"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(program, forKey: .program)
        try container.encode(potential, forKey: .potential)
        try container.encode(summary, forKey: .summary)
        try container.encode(structure, forKey: .structure)
        try container.encode(formula, forKey: .formula)
        try container.encode(atoms, forKey: .atoms)
        try container.encode(verdict, forKey: .verdict)
        try container.encode(checks, forKey: .checks)
        try container.encode(dimers, forKey: .dimers)
        try container.encode(crystal, forKey: .crystal)
        try container.encode(conservation, forKey: .conservation)
        try container.encode(survival, forKey: .survival)
        try container.encode(speed, forKey: .speed)
    }

    var introduction: [String] {
        [
            "\(potential): \(summary)",
            structure.map { "\($0): \(formula)" }
                ?? "structure: the largest reference structure of the potential, \(formula)",
            "",
        ]
    }

    /// `pass  dimer Si-Si     repulsive …`
    static func line(_ check: ValidationCheck) -> String {
        let word = check.verdict == .fail ? "FAIL" : check.verdict.rawValue
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(1, width - text.count))
        }
        return padded(word, 6) + padded(check.name, 14) + check.summary
    }

    func conclusion(folder: String?) -> [String] {
        let counts = [Verdict.pass, .warn, .fail].map { verdict in checks.count { $0.verdict == verdict } }
        return [
            "",
            "\(Written.count(checks.count, "check")): \(counts[0]) passed, \(counts[1]) with a warning, \(counts[2]) failed",
        ] + (speed.map { ["speed: \(Written.fixed($0, 1)) µs/atom/step with \(atoms) atoms"] } ?? [])
            + (folder.map { ["written to \($0); a page with pictures: python -m apus validation \($0)"] } ?? [])
    }
}
