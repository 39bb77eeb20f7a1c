import Atoms
import Compute
import DataSets
import Foundation
import Interactions
import Models
import Neighbors
import Potentials
import StructureFiles

/// Labelled structures made ready for a model: types, edges, and targets without what the network does not learn.
///
/// Small sets keep everything in memory. Of large ones (`isLarge`) only the structures are kept, and edges are found
/// again for every batch; the numbers are the same.
public struct DataSet: Sendable {
    public struct Item: Sendable {
        public var structure: Structure
        /// `[atom]` — the model's types.
        var species: [Int32]
        var edges: EdgeList
        /// The label less the shifts and the pair potential, eV.
        var energy: Double?
        /// Less the pair potential, eV/Å.
        var forces: [SIMD3<Double>]?
        /// −V·σ less the pair potential, eV.
        var virial: Matrix3?
        /// Labels of other outputs; a dipole about the centroid.
        var properties: [Property: [Double]]
        /// What these depend on.
        var atoms: Assembly.Atoms
    }

    private let recipe: Recipe
    private let storage: Storage
    /// `[structure]`
    let edgeCounts: [Int]
    /// `[structure]` — how many numbers the terms of the loss are means over.
    let lossCounts: [LossTerms]
    /// `[structure]` — its first atom among those of all; one more stands at the end.
    let firstAtoms: [Int]
    /// `[structure]` — the name of the set that it belongs to, or nothing at all.
    let setNames: [String?]

    private enum Storage: Sendable {
        case items([Item])
        case structures([StoredStructure])
    }

    /// Edges beyond which they are not kept: 48 bytes each, 2 GB in all.
    private static let largestEdgeCount = 40_000_000

    public var count: Int { edgeCounts.count }

    public var atoms: Int { firstAtoms.last! }

    /// How many structures carry a label.
    public func count(of label: Property) -> Int { lossCounts.count { $0[label] > 0 } }

    /// Whether edges are found anew for every batch.
    public var isLarge: Bool { if case .structures = storage { true } else { false } }

    /// Throws when an element is not a type of the model, or a structure has no neighbour list.
    ///
    /// - Parameters:
    ///   - setNames: `[structure]`, of validation sets with names.
    ///   - keepsEdges: decided by the number of edges unless given.
    public init(
        stored structures: [StoredStructure], setNames: [String?] = [], for configuration: ModelConfiguration,
        keepsEdges: Bool? = nil, parallelism: Parallelism
    ) throws {
        recipe = try Recipe(configuration)
        self.setNames = setNames
        var (items, edgeCounts, total) = ([Item](), [Int](), 0)
        var (lossCounts, firstAtoms) = ([LossTerms](), [0])
        var keeps = keepsEdges ?? true
        let pair = try configuration.pairInteraction(parallelism: .serial)
        for stored in structures {
            let item = try recipe.item(stored.structure, pair, parallelism)
            edgeCounts.append(item.edges.count)
            total += item.edges.count
            lossCounts.append(LossTerms(counting: [item]))
            firstAtoms.append(firstAtoms.last! + item.structure.count)
            if keepsEdges == nil, total > Self.largestEdgeCount { keeps = false }
            if keeps { items.append(item) } else { items = [] }
        }
        (self.edgeCounts, self.lossCounts, self.firstAtoms) = (edgeCounts, lossCounts, firstAtoms)
        storage = keeps ? .items(items) : .structures(structures)
    }

    public init(
        _ structures: [Structure], setNames: [String?] = [], for configuration: ModelConfiguration,
        keepsEdges: Bool? = nil, parallelism: Parallelism
    ) throws {
        try self.init(
            stored: structures.map { .inMemory($0) }, setNames: setNames, for: configuration, keepsEdges: keepsEdges,
            parallelism: parallelism)
    }

    /// Some structures, ready for a batch.
    func items(_ indices: some Sequence<Int>, _ parallelism: Parallelism) throws -> [Item] {
        switch storage {
        case .items(let items): return indices.map { items[$0] }
        case .structures(let structures):
            let pair = try recipe.configuration.pairInteraction(parallelism: .serial)
            return try indices.map { try recipe.item(structures[$0].structure, pair, parallelism) }
        }
    }

    func structure(_ index: Int) -> Structure {
        switch storage {
        case .items(let items): items[index].structure
        case .structures(let structures): structures[index].structure
        }
    }

    /// The set of these structures alone, in their order.
    func subset(_ indices: [Int]) -> DataSet { DataSet(self, indices) }

    private init(_ whole: DataSet, _ indices: [Int]) {
        recipe = whole.recipe
        edgeCounts = indices.map { whole.edgeCounts[$0] }
        lossCounts = indices.map { whole.lossCounts[$0] }
        firstAtoms = indices.reduce(into: [0]) {
            $0.append($0.last! + whole.firstAtoms[$1 + 1] - whole.firstAtoms[$1])
        }
        setNames = whole.setNames.isEmpty ? [] : indices.map { whole.setNames[$0] }
        storage =
            switch whole.storage {
            case .items(let items): .items(indices.map { items[$0] })
            case .structures(let structures): .structures(indices.map { structures[$0] })
            }
    }

    /// Makes items of structures, for one model.
    private struct Recipe: Sendable {
        let configuration: ModelConfiguration
        let typeOf: [Element: Int32]

        init(_ configuration: ModelConfiguration) throws {
            self.configuration = configuration
            typeOf = Dictionary(uniqueKeysWithValues: configuration.elements.enumerated().map { ($1, Int32($0)) })
        }

        /// - Parameter pair: what the model adds to its network.
        func item(_ structure: Structure, _ pair: ZBL?, _ parallelism: Parallelism) throws -> Item {
            let species = try structure.elements.map { element in
                guard let type = typeOf[element] else {
                    throw TrainingError(
                        "\(element) is not among the model's elements \(configuration.typeNames.joined(separator: ", "))"
                    )
                }
                return type
            }
            let edges = try EdgeList(
                positions: structure.positions, cell: structure.cell, cutoffs: Cutoffs(configuration.rMax),
                parallelism: parallelism)
            var rest = InteractionResult()
            rest.reset(count: structure.count)
            try pair?.evaluate(
                Configuration(
                    elements: structure.elements, positions: structure.positions, cell: structure.cell, edges: edges),
                into: &rest)
            let shift = species.reduce(0) { $0 + configuration.perTypeEnergyShifts[Int($1)] }
            var properties: [Property: [Double]] = [:]
            for output in configuration.outputs {
                guard let label = structure.properties[output.property] else { continue }
                properties[output.property] =
                    output.property == .dipole
                    ? try structure.dipoleAboutCentroid().map { [$0.x, $0.y, $0.z] } : label
            }
            return Item(
                structure: structure, species: species, edges: edges,
                energy: structure.energy.map { $0 - shift - rest.energy },
                forces: structure.forces.map { zip($0, rest.forces).map { $0 - $1 } },
                virial: structure.labelledStress.map { structure.cell!.virial(ofStress: $0) - rest.virial },
                properties: properties,
                atoms: Assembly.Atoms(
                    species: species, positions: structure.positions, charge: structure.totalCharge ?? 0,
                    repeats: structure.repeats))
        }
    }
}
