import Atoms
import Layers
import Programs
import Settings

/// How a model sees atoms: the hyperparameters of a network, and how it is written down as a program.
///
/// A new one is a folder beside NequIP, and an entry in `Architectures.all`. What all have in common (elements,
/// cutoffs, scales, shifts, what is predicted) is in `ModelConfiguration`; `Model` makes forces, virials, committees
/// and training gradients of what is written.
public protocol Architecture: Codable, Sendable, Equatable {
    /// As settings (`model: {name: …}`) and potential files call it.
    static var name: String { get }

    /// Reads its keys of the section `model`.
    init(_ model: Settings) throws

    /// - Throws: a `ModelError` that names the first value that makes no sense, or a head that it cannot have.
    func validate(for heads: [Head]) throws

    /// Throws a `ModelError` for what makes no sense beside what all models have, such as cutoffs.
    func validate(in configuration: ModelConfiguration) throws

    /// Whether files of it say what programs before version 4 of the format do not know.
    var isExtended: Bool { get }

    /// Whether the network gives an atom without neighbours no energy, so that it has the shift of its type.
    var isolatedAtomsHaveShifts: Bool { get }

    /// Interaction layers: what an atom has depends on atoms within layers × cutoff.
    var layers: Int { get }

    /// As it is evaluated in single precision: without more knots of splines than help there.
    var inSinglePrecision: Self { get }

    /// Name and hyperparameters in a line.
    var summary: String { get }

    /// The other hyperparameters as `(title, text)`, for whoever asks for all of them.
    var details: [(title: String, text: String)] { get }

    /// The weights that a configuration asks for, found without making room for them.
    func weightCount(_ configuration: ModelConfiguration) -> Int

    /// The features that each layer hands on and the ways that lead to them, for people.
    func features(_ configuration: ModelConfiguration) -> [(irreps: String, paths: Int)]

    /// Writes the network as far as all heads share it, and returns the features of every atom after each layer.
    func writeFeatures(of configuration: ModelConfiguration, with writer: inout ModelWriter) -> [Program.Value]

    /// Writes what a head makes of the features: `[atom]` with one number for a scalar, with one channel of degree 1
    /// and odd parity for a vector.
    func write(
        _ head: Head, of features: [Program.Value], _ configuration: ModelConfiguration,
        with writer: inout ModelWriter
    ) -> Program.Value
}

extension Architecture {
    public var inSinglePrecision: Self { self }
}

/// All that there are.
public enum Architectures {
    public static let all: [any Architecture.Type] = [NequIP.self]

    /// That of settings and files which do not say.
    public static let usual: any Architecture.Type = NequIP.self

    static func named(_ name: String) throws(ModelError) -> any Architecture.Type {
        guard let found = all.first(where: { $0.name == name }) else {
            throw ModelError(
                "name: expected one of \(all.map { $0.name }.joined(separator: ", ")), found \(name); use a newer Apus"
            )
        }
        return found
    }

    /// Reads the section `model`, whose `name` chooses.
    public static func read(_ model: Settings) throws -> any Architecture {
        let name = try model.choice("name", all.map { $0.name }, default: usual.name)
        return try named(name).init(model)
    }
}

extension Architecture {
    public func validate(in configuration: ModelConfiguration) throws {}
    public var isExtended: Bool { false }
    public var isolatedAtomsHaveShifts: Bool { true }

    /// Whether another is the same, hyperparameters included.
    func isEqual(to other: any Architecture) -> Bool { (other as? Self) == self }
}
