import Atoms
import Compute
import Dynamics
import Files
import Foundation
import Interactions
import Logging
import Potentials

/// `apus validate`: what a careful person tries before trusting a potential.
public struct ValidateJob {
    public struct Options: Sendable {
        public var frame = 1
        /// K, of the runs that must be survived.
        public var temperatures = [100.0, 300, 1000, 3000]
        /// Of each run.
        public var picoseconds = 2.0
        /// Of the structure that moves, at least.
        public var atoms = 64
        /// For vibrations; chosen by the cell where it is nil.
        public var supercell: [Int]?
        public var seed: UInt64 = 1
        public var precision: Potential.Precision?
        public var folder: String?
        public var overwrite = false
        public var json = false
        public init() {}
    }

    let potential: String
    let structure: String?
    let options: Options
    let parallelism: Parallelism

    public init(potential: String, structure: String?, options: Options, parallelism: Parallelism) {
        self.potential = potential
        self.structure = structure
        self.options = options
        self.parallelism = parallelism
    }

    private enum Name: String, CaseIterable {
        case report = "validation.json"
        case bands = "bands.csv"
        case density = "dos.csv"
    }

    private func path(_ name: Name) -> String { (options.folder! as NSString).appendingPathComponent(name.rawValue) }

    public func run() throws {
        let existing: OutputFile.Existing = options.overwrite ? .replace : .refuse
        if options.folder != nil {
            var plan = OutputPlan(inputs: [potential] + [structure].compactMap(\.self))
            for name in Name.allCases {
                try plan.add(path(name), existing: existing, advice: "choose another folder, or add --overwrite")
            }
        }
        let loaded = try Potential(verifying: potential, withEnergiesFor: "apus validate")
        let start = try self.start(loaded)
        let exact = Evaluator(
            try loaded.interaction(precision: .float64, parallelism: parallelism), parallelism: parallelism)
        do {
            try exact.interaction.check(elements: start.elements)
        } catch let error as InteractionError {
            throw CommandError("\(structure ?? potential): \(error.message) (\(potential))")
        }
        Interruption.watch()
        var report = ValidationReport(
            potential: potential, summary: PotentialSummary(loaded).line, structure: structure,
            formula: start.formula)
        if !options.json { for line in report.introduction { Terminal.print(line) } }
        func tell(_ checks: [ValidationCheck]) {
            report.checks += checks
            if !options.json { for check in checks { Terminal.print(ValidationReport.line(check)) } }
        }
        var status = StatusLine()
        let elements = loaded.configuration.elements
        for (index, a) in elements.enumerated() {
            for b in elements[index...] {
                do {
                    let curve = try DimerCurve(a, b, loaded, exact)
                    report.dimers.append(curve)
                    tell([curve.check])
                } catch {
                    tell([
                        ValidationCheck(
                            name: "dimer \(a)-\(b)", verdict: .fail, summary: CommandError.message(of: error))
                    ])
                }
            }
        }
        try stopIfInterrupted()
        if let crystal = crystal(start) {
            let trial = CrystalTrial(
                crystal, by: exact, supercell: options.supercell, parallelism: parallelism
            ) { status.show($0) }
            tell(trial.checks)
            report.crystal = trial
        }
        try stopIfInterrupted()
        var guards = Guards()
        guards.minimumDistances = loaded.minimumDistances
        let runs = TrialRuns(
            start: start.repeated(toAtoms: options.atoms),
            interaction: try loaded.interaction(precision: options.precision, parallelism: parallelism),
            guards: guards, seed: options.seed, parallelism: parallelism)
        report.atoms = runs.start.count
        report.conservation = runs.conservation(at: 300, picoseconds: options.picoseconds / 2)
        try stopIfInterrupted()
        tell(runs.checks(report.conservation))
        for kelvin in options.temperatures {
            let outcome = runs.survival(at: [kelvin], picoseconds: options.picoseconds)
            try stopIfInterrupted()
            report.survival += outcome
            tell(runs.checks(outcome))
        }
        report.speed = report.conservation.first { $0.timestep == runs.usualTimestep }?.microsecondsPerAtomAndStep
        if options.folder != nil { try write(report, existing) }
        if options.json {
            try JSONOutput.print(report)
        } else {
            for line in report.conclusion(folder: options.folder) { Terminal.print(line) }
        }
        if report.verdict == .fail { throw CommandExit(1) }
    }

    private func stopIfInterrupted() throws { if let code = Interruption.exitCode { throw CommandExit(code) } }

    /// The structure of the file, or the largest reference structure of the potential.
    private func start(_ loaded: Potential) throws -> Structure {
        if let structure {
            var read = try StartingStructure(file: structure, frame: options.frame).read()
            read.velocities = nil
            return read
        }
        guard let largest = loaded.references.map(\.structure).max(by: { $0.count < $1.count }) else {
            throw CommandError(
                "\(potential): holds no reference structure to move; give one: apus validate POTENTIAL STRUCTURE")
        }
        return Structure(elements: largest.elements, positions: largest.positions, cell: largest.cell)
    }

    /// What is given as a crystal: a file of a structure that repeats in all directions, and is no large cell of a
    /// liquid.
    private func crystal(_ start: Structure) -> Structure? {
        guard structure != nil, start.cell?.isFullyPeriodic == true, start.count <= 100 else { return nil }
        return start
    }

    private func write(_ report: ValidationReport, _ existing: OutputFile.Existing) throws {
        try FilePath.makeFolder(options.folder!)
        if let phonons = report.crystal?.phonons {
            try OutputFile.write(phonons.bandsTable, to: path(.bands), existing: existing)
            try OutputFile.write(phonons.densityTable, to: path(.density), existing: existing)
        }
        try OutputFile.write(try JSONOutput.text(report) + "\n", to: path(.report), existing: existing)
    }
}
