import Analysis
import Atoms
import Compute
import Files
import Foundation
import Interactions
import Logging
import Potentials
import Relaxation
import Symmetry

/// `apus phonons`: vibrations of a crystal by finite displacements.
public struct PhononsJob {
    public struct Options: Sendable {
        public var supercell = [2, 2, 2]
        /// Å
        public var displacement = 0.01
        /// Wave vectors, three numbers each.
        public var points: [SIMD3<Double>] = []
        /// Copies of the unit cell that a grid of wave vectors would make periodic; chosen by the cell unless given.
        public var mesh: [Int] = []
        /// THz
        public var smearing = 0.1
        /// K: from, to, step
        public var temperatures = [0.0, 1000, 50]
        public var relaxes = false
        public var relaxesCell = false
        public var isSymmetrized = true
        /// Å
        public var symmetryTolerance = 1e-3
        public var frame = 1
        public var folder: String?
        public var overwrite = false
        public var json = false
        public init() {}
    }

    let potential: String
    let structure: String
    let options: Options
    let parallelism: Parallelism

    public init(potential: String, structure: String, options: Options, parallelism: Parallelism) {
        self.potential = potential
        self.structure = structure
        self.options = options
        self.parallelism = parallelism
    }

    private enum Name: String, CaseIterable {
        case parameters = "phonopy_params.yaml"
        case forceSets = "FORCE_SETS"
        case forceConstants = "FORCE_CONSTANTS"
        case bands = "bands.csv"
        case density = "dos.csv"
        case thermodynamics = "thermodynamics.csv"
        case report = "phonons.json"
    }

    private func path(_ name: Name) -> String { (options.folder! as NSString).appendingPathComponent(name.rawValue) }

    public func run() throws {
        let existing: OutputFile.Existing = options.overwrite ? .replace : .refuse
        if options.folder != nil {
            var plan = OutputPlan(inputs: [potential, structure])
            for name in Name.allCases {
                try plan.add(path(name), existing: existing, advice: "choose another folder, or add --overwrite")
            }
        }
        let input = try PropertyInput(
            potential: potential, structure: structure, frame: options.frame, parallelism: parallelism)
        var crystal = input.structure
        if options.relaxes || options.relaxesCell {
            crystal = try input.relaxed(options.relaxesCell ? .full : .fixed, fmax: 1e-5, named: structure).structure
        }
        try warn(crystal, input)
        let group =
            Spglib.isAvailable ? try? Spglib.spaceGroup(of: crystal, tolerance: options.symmetryTolerance) : nil
        let copies = SIMD3(options.supercell[0], options.supercell[1], options.supercell[2])
        guard Double(crystal.count) * Double(copies.x) * Double(copies.y) * Double(copies.z) <= 200_000 else {
            throw CommandError(
                "--supercell: expected at most 200000 atoms, found \(options.supercell) copies of \(crystal.count); choose fewer"
            )
        }
        let supercell = PhononSupercell(of: crystal, copies: copies)
        var status = StatusLine()
        let constants: ForceConstants
        do {
            constants = try ForceConstants(
                of: supercell, by: input.evaluator, size: options.displacement, group: group,
                isSymmetrized: options.isSymmetrized
            ) { done, all in
                status.show("\(done) of \(Written.count(all, "displacement")) of \(supercell.structure.count) atoms")
            }
        } catch let error as StructureEvaluationError {
            throw CommandError(
                "\(structure): displacement \(error.index + 1): \(CommandError.message(of: error.cause))")
        }
        let report = PhononReport(constants, group: group, options: options, parallelism: parallelism)
        if report.imaginaryShare > 0 {
            Logger(label: "apus").warning(
                "\(structure): \(Written.fixed(100 * report.imaginaryShare, 1)) % of the frequencies are imaginary, down to \(Written.fixed(report.lowest, 2)) THz; the thermodynamics leave them out"
            )
        }
        if options.folder != nil { try write(constants, report, existing) }
        if options.json { return try JSONOutput.print(report) }
        Terminal.print(PotentialSummary(input.potential).line + ", evaluated in float64")
        for line in report.lines { Terminal.print(line) }
        if let folder = options.folder {
            Terminal.print("written to \(folder); a picture: python -m apus phonons \(folder)")
        }
    }

    /// Warns of what makes the result doubtful.
    private func warn(_ crystal: Structure, _ input: PropertyInput) throws {
        let result = try input.evaluator.evaluate([crystal])[0]
        let force = result.forces.map(norm).max() ?? 0
        if force > 0.01 {
            Logger(label: "apus").warning(
                "\(structure): a force of \(Written.short(force, 3)) eV/Å acts on an atom, so this is no place to vibrate about; add --relax, or --relax-cell"
            )
        }
        let stress = crystal.cell!.stress(ofVirial: result.virial).elements.map(abs).max()! * Units.gigapascal
        if stress > 0.5 {
            Logger(label: "apus").warning(
                "\(structure): the stress is \(Written.short(stress, 3)) GPa; these are vibrations at that stress (--relax-cell for none)"
            )
        }
        let heights = crystal.cell!.heights
        let needed = 2 * input.receptiveField
        let shortest = (0..<3).map { heights[$0] * Double(options.supercell[$0]) }.min()!
        if shortest < needed {
            Logger(label: "apus").warning(
                "\(structure): the supercell is \(Written.fixed(shortest, 1)) Å wide, and atoms feel one another up to \(Written.fixed(needed, 1)) Å (twice layers × cutoff), so an atom may meet images of the displaced one; compare with a larger --supercell"
            )
        }
    }

    private func write(
        _ constants: ForceConstants, _ report: PhononReport, _ existing: OutputFile.Existing
    ) throws {
        try FileManager.default.createDirectory(atPath: options.folder!, withIntermediateDirectories: true)
        func write(_ name: Name, _ text: String) throws {
            try OutputFile.write(text, to: path(name), existing: existing)
        }
        try write(.parameters, PhonopyFiles.parameters(constants, program: ProgramVersion.description))
        try write(.forceSets, PhonopyFiles.forceSets(constants))
        try write(.forceConstants, PhonopyFiles.forceConstants(constants))
        try write(.bands, report.bandsTable)
        try write(.density, report.densityTable)
        try write(
            .thermodynamics,
            "temperature/K,free energy/(kJ/mol),entropy/(J/K/mol),heat capacity/(J/K/mol)\n"
                + report.thermodynamics.map {
                    "\($0.temperature),\($0.freeEnergy),\($0.entropy),\($0.heatCapacity)\n"
                }.joined())
        try write(.report, try JSONOutput.text(report) + "\n")
    }
}
