import Atoms
import Compute
import Files
import Interactions
import Logging
import Potentials
import Relaxation
import StructureFiles

/// `apus neb`: the path of least energy between two structures.
public struct NEBJob {
    /// What the command line says.
    public struct Options: Sendable {
        public var settings = BandSettings()
        /// Between the ends; nil where none is said.
        public var images: Int?
        public var interpolation = InitialPath.Interpolation.idpp
        public var relaxesEnds = false
        public var fixed: String?
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

    /// Images between two ends unless their number is given.
    private static let usualImages = 7
    /// Evaluations in which an end has to come to its minimum.
    private static let evaluationsOfEnds = 1000

    public init(potential: String, input: String, output: String, options: Options, parallelism: Parallelism) {
        self.potential = potential
        self.input = input
        self.output = output
        self.options = options
        self.parallelism = parallelism
    }

    public func run() throws {
        let existing: OutputFile.Existing = options.overwrite ? .replace : .refuse
        var plan = OutputPlan(inputs: [potential, input])
        try plan.add(output, existing: existing, advice: "choose another name, or add --overwrite")
        let loaded = try MDPotential(file: potential)
        let precision = options.precision ?? loaded.learned?.precision ?? .float64
        var structures = try read()
        let settings = try settings(atoms: structures[0].count)
        let interaction = try loaded.interaction(precision: precision, parallelism: parallelism)
        do {
            try interaction.check(elements: structures[0].elements)
        } catch let error as InteractionError {
            throw CommandError("\(input): \(error.message) (\(potential))")
        }
        let evaluator = Evaluator(interaction, parallelism: parallelism)
        if !options.json { for row in loaded.rows { Terminal.print(row.joined(separator: " ")) } }
        var evaluationsOfEnds = 0
        if options.relaxesEnds {
            evaluationsOfEnds = try relaxEnds(of: &structures, evaluator, settings, precision)
        }
        let path = try path(structures, settings)
        let table = NEBReport.progressTable
        if !options.json { for line in table.header { Terminal.print(line) } }
        let band: RelaxedBand
        var status = StatusLine()
        do {
            band = try NudgedElasticBand(evaluator, settings: settings).run(path) { progress in
                guard !options.json else { return }
                if NEBReport.isShown(progress.iteration) {
                    Terminal.print(table.line(progress))
                } else {
                    status.show(table.line(progress))
                }
            }
        } catch let error as StructureEvaluationError {
            throw CommandError("\(input): image \(error.index) of the path (0 is the first end): \(error.cause)")
        }
        let report = NEBReport(band, evaluationsOfEnds: evaluationsOfEnds, isDetailed: options.json)
        try write(band, existing)
        tell(band, report, evaluator, precision)
        if options.json {
            try JSONOutput.print(report)
        } else {
            for line in report.lines(writtenTo: output) { Terminal.print(line) }
        }
        if !report.converged { throw CommandExit(1) }
    }

    private func read() throws -> [Structure] {
        let source = try StructureSource(input)
        var structures: [Structure] = []
        while let structure = try source.next() { structures.append(structure) }
        guard structures.count >= 2 else {
            throw CommandError(
                "\(input): expected the two ends of a path, or all of it, found \(Written.count(structures.count, "structure"))"
            )
        }
        guard structures[0].count > 0 else { throw CommandError("\(input): expected atoms, found none") }
        return structures
    }

    private func settings(atoms: Int) throws -> BandSettings {
        var settings = options.settings
        if let fixed = options.fixed { settings.fixedAtoms = try AtomNumbers(fixed, option: "--fixed").indices }
        if let last = settings.fixedAtoms.max(), last >= atoms {
            throw CommandError("--fixed: expected atoms of 1…\(atoms), found \(last + 1)")
        }
        guard settings.fixedAtoms.count < atoms else {
            throw CommandError("--fixed: expected some atoms to be free, found all \(atoms) fixed")
        }
        return settings
    }

    /// The path, with images between two ends.
    private func path(_ structures: [Structure], _ settings: BandSettings) throws -> InitialPath {
        if structures.count > 2, options.images != nil {
            throw CommandError(
                "--images: expected two structures in \(input) to put images between, found a path of \(structures.count); leave it out, or give the ends alone"
            )
        }
        do {
            let whole = try InitialPath(structures)
            for atom in settings.fixedAtoms.sorted() {
                let places = whole.images.map { $0.positions[atom] }
                guard let farthest = places.map({ norm($0 - places[0]) }).max(), farthest > 1e-3 else { continue }
                throw CommandError(
                    "--fixed: expected atom \(atom + 1) at one place in all structures of \(input), found places \(Written.fixed(farthest, 3)) Å apart"
                )
            }
            guard structures.count == 2 else { return whole }
            return try InitialPath(
                from: structures[0], to: structures[1], images: options.images ?? Self.usualImages,
                options.interpolation, fixed: settings.fixedAtoms)
        } catch let problem as InitialPath.Problem {
            throw CommandError("\(input): \(problem)")
        }
    }

    /// Takes the first and the last structure to their minima; returns the evaluations that it took.
    private func relaxEnds(
        of structures: inout [Structure], _ evaluator: Evaluator, _ band: BandSettings,
        _ precision: Potential.Precision
    ) throws -> Int {
        var settings = RelaxationSettings()
        settings.fixedAtoms = band.fixedAtoms
        settings.forceTolerance = min(band.forceTolerance, 0.01)
        settings.maximumEvaluations = Self.evaluationsOfEnds
        let last = structures.count - 1
        let relaxed = Relaxation(evaluator, settings: settings, energyNoise: precision.energyNoise)
            .run([structures[0], structures[last]])
        for (place, outcome) in zip([0, last], relaxed) {
            guard outcome.isConverged else {
                throw CommandError(
                    "\(input): structure \(place + 1) cannot be relaxed: \(outcome.failure ?? "it did not converge"); relax it with apus relax, or leave --relax-ends out"
                )
            }
            structures[place].positions = outcome.structure.positions
        }
        return relaxed.reduce(0) { $0 + $1.evaluations }
    }

    private func write(_ band: RelaxedBand, _ existing: OutputFile.Existing) throws {
        let writer = try ExtendedXYZWriter(path: output, mode: .replacing, existing: existing)
        for (index, image) in band.images.enumerated() {
            var image = image
            image.information["image"] = "\(index)"
            image.information["path_length"] = "\(band.lengths[index])"
            image.information["converged"] = band.isConverged ? "T" : "F"
            try writer.write(image)
        }
        try writer.close()
    }

    private func tell(
        _ band: RelaxedBand, _ report: NEBReport, _ evaluator: Evaluator, _ precision: Potential.Precision
    ) {
        let logger = Logger(label: "apus")
        if !band.isConverged {
            let advice =
                precision == .float32 && options.settings.forceTolerance < 1e-3
                ? "; that may be rounding of single precision: try --precision float64" : ""
            logger.warning(
                "\(input): the path has not converged after \(Written.count(band.iterations, "iteration")); the largest force is \(Written.short(band.largestForce, 3)) eV/Å\(advice)"
            )
        }
        let ends = [("first", band.largestForces[0]), ("last", band.largestForces[band.images.count - 1])]
        for (name, force) in ends where force > 2 * options.settings.forceTolerance {
            logger.warning(
                "\(input): the \(name) structure is no minimum, its largest force is \(Written.short(force, 3)) eV/Å, so that barriers are over what is none; relax it with apus relax, or add --relax-ends"
            )
        }
        for minimum in report.minimaBetween {
            logger.warning(
                "\(input): image \(minimum) is a minimum between the ends: the path has more than one barrier, and the highest is told; look for the others from there"
            )
        }
        guard let limits = evaluator.interaction.minimumDistances, !limits.isEmpty else { return }
        for (index, image) in band.images.enumerated() {
            if let pair = limits.worstViolation(in: image) {
                logger.warning(
                    "\(input): image \(index): atoms \(pair.atoms.0 + 1) and \(pair.atoms.1 + 1) have come to \(Written.fixed(pair.distance, 3)) Å, \(pair.reason); the energy there is an extrapolation"
                )
                return
            }
        }
    }
}
