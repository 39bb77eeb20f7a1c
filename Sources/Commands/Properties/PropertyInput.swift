import Atoms
import Compute
import Interactions
import Logging
import Potentials
import Relaxation
import Symmetry

/// What all commands for properties of crystals are told.
public struct PropertyRequest: Sendable {
    /// Files.
    public var potential, structure: String
    /// Which structure of the file, from 1; negative ones from the end.
    public var frame: Int
    /// Whether one JSON object is printed.
    public var json: Bool
    public var parallelism: Parallelism

    public init(potential: String, structure: String, frame: Int, json: Bool, parallelism: Parallelism) {
        self.potential = potential
        self.structure = structure
        self.frame = frame
        self.json = json
        self.parallelism = parallelism
    }
}

/// What a command for properties found, for programs and for people.
protocol PropertyReport: Encodable {
    var lines: [String] { get }
}

/// What the properties of a crystal begin with: a potential in double precision, and a structure that it knows.
struct PropertyInput {
    let request: PropertyRequest
    let potential: Potential
    let evaluator: Evaluator
    let structure: Structure

    /// Throws where a file cannot be read, or the structure does not repeat in all directions although it must.
    init(_ request: PropertyRequest, needsCrystal: Bool = true) throws {
        self.request = request
        let (path, file, parallelism) = (request.potential, request.structure, request.parallelism)
        potential = try Potential(
            verifying: path, withEnergiesFor: needsCrystal ? "a property of a crystal" : "vibrations")
        var read = try StartingStructure(file: file, frame: request.frame).read()
        read.velocities = nil
        structure = read
        guard !needsCrystal || structure.cell?.isFullyPeriodic == true else {
            throw CommandError(
                "\(file): expected a crystal that repeats in all directions, found \(structure.cell == nil ? "no cell" : "a cell that does not"); give it a cell and pbc=\"T T T\""
            )
        }
        let interaction = try potential.interaction(precision: .float64, parallelism: parallelism)
        do {
            try interaction.check(elements: structure.elements)
        } catch let error as InteractionError {
            throw CommandError("\(file): \(error.message) (\(path))")
        }
        evaluator = Evaluator(interaction, parallelism: parallelism)
    }

    /// How far atoms feel one another through the layers of the model, Å.
    var receptiveField: Double { Double(potential.configuration.architecture.layers) * evaluator.interaction.cutoff }

    /// `nil` without spglib's library, and where it finds none within the tolerance (Å).
    func spaceGroup(of crystal: Structure, tolerance: Double) -> SpaceGroup? {
        Spglib.isAvailable ? try? Spglib.spaceGroup(of: crystal, tolerance: tolerance) : nil
    }

    /// Warns of a supercell in which an atom may meet images of one that is displaced.
    func warn(ofWidth crystal: Structure, _ supercell: [Int]) {
        let heights = crystal.cell!.heights
        let needed = 2 * receptiveField
        let shortest = (0..<3).map { heights[$0] * Double(supercell[$0]) }.min()!
        guard shortest < needed else { return }
        Logger(label: "apus").warning(
            "\(request.structure): the supercell is \(Written.fixed(shortest, 1)) Å wide, and atoms feel one another up to \(Written.fixed(needed, 1)) Å (twice layers × cutoff), so an atom may meet images of the displaced one; compare with a larger --supercell"
        )
    }

    /// Prints what was found.
    func show(_ report: some PropertyReport) throws {
        if request.json { return try JSONOutput.print(report) }
        Terminal.print(PotentialSummary(potential).line + ", evaluated in float64")
        for line in report.lines { Terminal.print(line) }
    }

    /// The structure with its atoms, or atoms and cell, relaxed.
    ///
    /// - Parameter pressure: that the cell is relaxed to, eV/Å³.
    /// - Throws: where it does not relax.
    func relaxed(_ change: RelaxationSettings.CellChange, fmax: Double, pressure: Double = 0, named file: String)
        throws -> RelaxedStructure
    {
        var settings = RelaxationSettings()
        settings.cellChange = change
        settings.forceTolerance = fmax
        settings.targetStress = Matrix3.identity * -pressure
        settings.stressTolerance = 1e-4 / Units.gigapascal
        let outcome = Relaxation(evaluator, settings: settings, energyNoise: Potential.Precision.float64.energyNoise)
            .run([structure])[0]
        if let failure = outcome.failure {
            throw CommandError(
                "\(file): the structure cannot be relaxed: \(failure); relax it with apus relax, or add --no-relax")
        }
        if let pair = outcome.tooClose {
            Logger(label: "apus").warning(
                "\(file): atoms \(pair.atoms.0 + 1) and \(pair.atoms.1 + 1) have come to \(Written.fixed(pair.distance, 3)) Å, \(pair.reason); what follows is an extrapolation"
            )
        }
        return outcome
    }
}
