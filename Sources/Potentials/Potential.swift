import Atoms
import Compute
import Foundation
import Interactions
import Layers
import Models
import Programs

/// A trained interatomic potential: a model, its weights, and where they come from. One file holds all of it.
///
/// A committee is several sets of weights of one model; its energy and forces are the mean of theirs.
public struct Potential: Sendable {
    public var configuration: ModelConfiguration
    /// The weights of each member; one, unless this is a committee.
    public var members: [ParameterSet]
    public var precision: Precision
    public var provenance: Provenance
    /// The shortest distance of each pair of elements in the training data, in Å, by `A-B` with A ≤ B in the
    /// periodic table.
    public var shortestDistances: [String: Double]
    /// Structures with the energies and forces that the potential gave them when it was written.
    public var references: [ReferenceStructure]
    /// SHA-256 of the file that it was read from, as hexadecimal text; nothing for a potential that was made here.
    public internal(set) var checksum: String?

    public enum Precision: String, Codable, Sendable, CaseIterable { case float32, float64 }

    /// Where a potential comes from.
    public struct Provenance: Codable, Sendable, Equatable {
        public var program = ProgramVersion.description
        /// ISO 8601, UTC.
        public var created = ""
        /// The data files with their SHA-256 and the number of structures.
        public var data: [DataFile] = []
        /// Errors on the validation set, by the names that `apus evaluate --json` prints.
        public var validationErrors: [String: Double] = [:]
        /// Epochs trained.
        public var epochs = 0
        /// The configuration that trained it, as YAML.
        public var trainingConfiguration = ""
        /// The elements whose energy shift is that of an isolated atom in the data; `nil` where it is not known.
        public var isolatedAtoms: [String]?
        /// Of a potential that another program trained, or that was trained from one.
        public var origin: Origin?

        public struct DataFile: Codable, Sendable, Equatable {
            public var name: String
            public var sha256: String
            public var structures: Int

            public init(name: String, sha256: String, structures: Int) {
                self.name = name
                self.sha256 = sha256
                self.structures = structures
            }
        }

        public init() {}
    }

    public init(
        configuration: ModelConfiguration, members: [ParameterSet], precision: Precision,
        provenance: Provenance = Provenance(), shortestDistances: [String: Double] = [:],
        references: [ReferenceStructure] = []
    ) {
        self.configuration = configuration
        precondition(!members.isEmpty, "expected at least one set of weights")
        self.members = members
        self.precision = precision
        self.provenance = provenance
        self.shortestDistances = shortestDistances
        self.references = references
    }

    public init(
        configuration: ModelConfiguration, parameters: ParameterSet, precision: Precision,
        provenance: Provenance = Provenance(), shortestDistances: [String: Double] = [:],
        references: [ReferenceStructure] = []
    ) {
        self.init(
            configuration: configuration, members: [parameters], precision: precision, provenance: provenance,
            shortestDistances: shortestDistances, references: references)
    }

    public var elements: [Element] { configuration.elements }

    /// All that it predicts, forces and stress included where there are energies.
    public var properties: [Property] { configuration.properties }

    /// Throws a `PotentialError` where it has no energies, which `user` lives on.
    public func requireEnergies(for user: String) throws(PotentialError) {
        guard configuration.predictsEnergy else {
            throw PotentialError(
                "predicts \(properties.map(\.name).joined(separator: ", ")), and no energies or forces, which \(user) needs; use a potential that was trained on energies or forces"
            )
        }
    }

    /// The weights of the first member, which is all there is unless this is a committee.
    public var parameters: ParameterSet {
        get { members[0] }
        set { members[0] = newValue }
    }

    /// The limits below which a simulation should stop, because the data never were so close. Pairs of elements that
    /// the data did not have within the cutoff get an assumed limit.
    public var minimumDistances: MinimumDistances {
        var distances = MinimumDistances()
        for (pair, distance) in shortestDistances {
            let elements = pair.split(separator: "-").compactMap { Element(String($0)) }
            if elements.count == 2 { distances[elements[0], elements[1]] = distance }
        }
        distances.assumeLimits(for: elements)
        return distances
    }

    /// The pairs of elements, as `A-B`, that the training data did not have within the cutoff.
    public var pairsWithoutDistances: [String] {
        let sorted = elements.sorted()
        return sorted.indices.flatMap { i in sorted[i...].map { Self.pairKey(sorted[i], $0) } }
            .filter { shortestDistances[$0] == nil }
    }

    /// The key of a pair of elements in `shortestDistances`.
    public static func pairKey(_ a: Element, _ b: Element) -> String { "\(min(a, b))-\(max(a, b))" }

    /// The potential as an interaction, in its own precision unless another is asked for.
    public func interaction(
        precision: Precision? = nil, parallelism: Parallelism = .allCores
    ) throws -> any Interaction {
        var single = configuration
        single.architecture = configuration.architecture.inSinglePrecision
        let network: any Interaction =
            switch precision ?? self.precision {
            case .float32:
                NetworkInteraction<Float>(
                    try Model(single), members, minimumDistances: minimumDistances, parallelism: parallelism)
            case .float64:
                NetworkInteraction<Double>(
                    try Model(configuration), members, minimumDistances: minimumDistances, parallelism: parallelism)
            }
        guard let pair = try configuration.pairInteraction(parallelism: parallelism) else { return network }
        return SumOfInteractions([network, pair])
    }
}
