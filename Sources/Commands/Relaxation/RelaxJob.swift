import Atoms
import Compute
import Files
import Interactions
import Logging
import Potentials
import Relaxation
import Settings
import StructureFiles
import Symmetry

/// `apus relax`: structures at the minimum of their energy.
public struct RelaxJob {
    /// What the command line says.
    public struct Options: Sendable {
        public var settings = RelaxationSettings()
        /// As text, such as `5 GPa`.
        public var pressure: String?
        /// Six numbers in GPa, xx yy zz yz xz xy, positive in tension.
        public var stress: String?
        public var fixed: String?
        public var keepsSymmetry = false
        /// Å
        public var symmetryTolerance = 1e-3
        public var precision: Potential.Precision?
        public var overwrite = false
        public var json = false
        public init() {}
    }

    let potential: String
    let input: String
    let output: String
    let options: Options
    let parallelism: Parallelism

    public init(potential: String, input: String, output: String, options: Options, parallelism: Parallelism) {
        self.potential = potential
        self.input = input
        self.output = output
        self.options = options
        self.parallelism = parallelism
    }

    public func run() throws {
        let settings = try settings()
        if options.keepsSymmetry, !Spglib.isAvailable {
            throw CommandError(
                "--keep-symmetry: space groups are found by spglib's library (libsymspg.so), which is not there; install libsymspg-dev, or leave the option out"
            )
        }
        let existing: OutputFile.Existing = options.overwrite ? .replace : .refuse
        var plan = OutputPlan(inputs: [potential, input])
        try plan.add(output, existing: existing, advice: "choose another name, or add --overwrite")
        let loaded = try Potential(verifying: potential, withEnergiesFor: "apus relax")
        let precision = options.precision ?? loaded.precision
        let evaluator = Evaluator(
            try loaded.interaction(precision: precision, parallelism: parallelism), parallelism: parallelism)
        let relaxation = Relaxation(evaluator, settings: settings, energyNoise: precision.energyNoise)
        let source = try StructureSource(input)
        let writer = try ExtendedXYZWriter(path: output, mode: .replacing, existing: existing)
        var report = RelaxReport(isDetailed: options.json)
        let table = RelaxReport.table(changesCell: settings.cellChange != .fixed)
        if !options.json {
            Terminal.print(PotentialSummary(loaded).line)
            for line in table.header { Terminal.print(line) }
        }
        var status = StatusLine()
        var groups: [SpaceGroup?] = []
        try relaxation.run {
            guard let structure = try source.next() else { return nil }
            var start = RelaxationStart(structure)
            if options.keepsSymmetry {
                do {
                    let group = try Spglib.spaceGroup(of: structure, tolerance: options.symmetryTolerance)
                    start = RelaxationStart(group.symmetrized(structure), group: group)
                } catch {
                    start.problem = error
                }
            }
            groups.append(start.group)
            return start
        } progress: { progress in
            status.show(
                "\(Written.count(progress.finished, "structure")) done, \(progress.active) under way, step \(progress.evaluations), largest force \(Written.short(progress.largestForce, 3)) eV/Å"
            )
        } finished: { outcome in
            let entry = RelaxReport.Entry(outcome, group: groups[outcome.index])
            groups[outcome.index] = nil
            report.add(entry)
            tell(outcome, precision)
            if !options.json { Terminal.print(table.line(entry)) }
            var structure = outcome.structure
            structure.information["converged"] = outcome.isConverged ? "T" : "F"
            structure.information["relaxation_steps"] = "\(outcome.evaluations)"
            try writer.write(structure)
        }
        try writer.close()
        if options.json {
            try JSONOutput.print(report)
        } else {
            Terminal.print(report.summary + ", written to \(output)")
        }
        if !report.converged { throw CommandExit(1) }
    }

    private func settings() throws -> RelaxationSettings {
        var settings = options.settings
        if let fixed = options.fixed { settings.fixedAtoms = try AtomNumbers(fixed, option: "--fix").indices }
        let target = try TargetStress(pressure: options.pressure, stress: options.stress)
        settings.targetStress = target.tensor
        if settings.cellChange == .fixed {
            if target.option != nil || settings.axes != nil {
                throw CommandError(
                    "\(target.option ?? "--axes"): expected --cell beside it, found a cell that stays as it is; add --cell"
                )
            }
        }
        if settings.cellChange == .shape, target.tensor.trace != 0 {
            throw CommandError(
                "--pressure: expected none where the volume stays as it is, found \(options.pressure ?? options.stress ?? ""); leave it out"
            )
        }
        if options.keepsSymmetry, !settings.fixedAtoms.isEmpty || settings.axes != nil {
            throw CommandError(
                "--keep-symmetry: expected all atoms and axes free, found --fix or --axes; leave one of them out")
        }
        return settings
    }

    private func tell(_ outcome: RelaxedStructure, _ precision: Potential.Precision) {
        let name = "\(input): structure \(outcome.index + 1) (\(outcome.structure.formula))"
        if let failure = outcome.failure {
            let left =
                outcome.largestForce.isFinite
                ? "; the largest force is \(Written.short(outcome.largestForce, 3)) eV/Å, the stress is \(Written.short(outcome.stressDeviation * Units.gigapascal, 3)) GPa from its target"
                : ""
            let advice =
                precision == .float32 && outcome.largestForce < 1e-3
                ? "; that may be rounding of single precision: try --precision float64" : ""
            Logger(label: "apus").warning("\(name): \(failure)\(left)\(advice)")
        }
        if let pair = outcome.tooClose {
            Logger(label: "apus").warning(
                "\(name): atoms \(pair.atoms.0 + 1) and \(pair.atoms.1 + 1) have come to \(Written.fixed(pair.distance, 3)) Å, \(pair.reason); the result is an extrapolation"
            )
        }
    }
}

extension Potential.Precision {
    /// Rounding of the energy per atom, eV.
    var energyNoise: Double { self == .float32 ? 1e-6 : 1e-12 }
}
