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

/// `apus phonons`: vibrations of a crystal.
public struct PhononsJob {
    public struct Options: Sendable {
        public var supercell = [2, 2, 2]
        /// The potential's own derivatives unless it has none, if not given.
        public var hessian: HessianMethod?
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
        public var folder: String?
        public var overwrite = false
        public init() {}

        /// As fine as one of the crystal repeated over 60 Å, and even, so that Γ is not among its points.
        func meshSize(for cell: Cell) -> SIMD3<Int> {
            if !mesh.isEmpty { return SIMD3(mesh[0], mesh[1], mesh[2]) }
            let heights = cell.heights
            func size(_ axis: Int) -> Int { max(2, 2 * Int((30 / heights[axis]).rounded())) }
            return SIMD3(size(0), size(1), size(2))
        }

        var temperatureGrid: [Double] {
            let (from, to, step) = (temperatures[0], temperatures[1], temperatures[2])
            return (0...Int(((to - from) / step + 1e-9).rounded(.down))).map { from + Double($0) * step }
        }
    }

    let request: PropertyRequest
    let options: Options
    private var structure: String { request.structure }

    public init(_ request: PropertyRequest, options: Options) {
        self.request = request
        self.options = options
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
            var plan = OutputPlan(inputs: [request.potential, structure])
            for name in Name.allCases {
                try plan.add(path(name), existing: existing, advice: "choose another folder, or add --overwrite")
            }
        }
        let input = try PropertyInput(request)
        var crystal = input.structure
        if options.relaxes || options.relaxesCell {
            crystal = try input.relaxed(options.relaxesCell ? .full : .fixed, fmax: 1e-5, named: structure).structure
        }
        try warn(crystal, input)
        var status = StatusLine()
        let group = input.spaceGroup(of: crystal, tolerance: options.symmetryTolerance)
        let constants = try Self.forceConstants(of: crystal, input, options, group: group) { done, all in
            status.show("\(done) of \(Written.count(all, "displacement"))")
        }
        let report = PhononReport(constants, group: group, options: options, parallelism: request.parallelism)
        if report.imaginaryShare > 0 {
            Logger(label: "apus").warning(
                "\(structure): \(Written.fixed(100 * report.imaginaryShare, 1)) % of the frequencies are imaginary, down to \(Written.fixed(report.lowest, 2)) THz; the thermodynamics leave them out"
            )
        }
        if options.folder != nil { try write(constants, report, existing) }
        try input.show(report)
        if let folder = options.folder, !request.json {
            Terminal.print("written to \(folder); a picture: python -m apus phonons \(folder)")
        }
    }

    /// - Parameter group: of the crystal; looked for unless given.
    static func forceConstants(
        of crystal: Structure, _ input: PropertyInput, _ options: Options, group given: SpaceGroup? = nil,
        progress: (Int, Int) -> Void
    ) throws -> ForceConstants {
        let file = input.request.structure
        let copies = SIMD3(options.supercell[0], options.supercell[1], options.supercell[2])
        guard Double(crystal.count) * Double(copies.x) * Double(copies.y) * Double(copies.z) <= 200_000 else {
            throw CommandError(
                "--supercell: expected at most 200000 atoms, found \(options.supercell) copies of \(crystal.count); choose fewer"
            )
        }
        do {
            return try ForceConstants(
                of: PhononSupercell(of: crystal, copies: copies), by: input.evaluator, method: options.hessian,
                size: options.displacement,
                group: given ?? input.spaceGroup(of: crystal, tolerance: options.symmetryTolerance),
                isSymmetrized: options.isSymmetrized, progress: progress)
        } catch let error as InteractionError {
            throw CommandError("\(file): \(error.message)")
        } catch let error as StructureEvaluationError {
            throw CommandError("\(file): displacement \(error.index + 1): \(CommandError.message(of: error.cause))")
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
        input.warn(ofWidth: crystal, options.supercell)
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
        let branches = (1...3 * constants.supercell.unit.count).map { "branch \($0)/THz" }.joined(separator: ",")
        try write(
            .bands,
            "distance/(1/Å),q1,q2,q3,point,\(branches)\n"
                + report.bands.map { band in
                    "\(band.distance),\(band.q.x),\(band.q.y),\(band.q.z),\(band.name ?? ""),"
                        + band.frequencies.map(\.description).joined(separator: ",") + "\n"
                }.joined())
        try write(
            .density,
            "frequency/THz,states/(1/THz)\n" + report.density.map { "\($0.frequency),\($0.density)\n" }.joined())
        try write(
            .thermodynamics,
            "temperature/K,free energy/(kJ/mol),entropy/(J/K/mol),heat capacity/(J/K/mol)\n"
                + report.thermodynamics.map {
                    "\($0.temperature),\($0.freeEnergy),\($0.entropy),\($0.heatCapacity)\n"
                }.joined())
        try write(.report, try JSONOutput.text(report) + "\n")
    }
}
