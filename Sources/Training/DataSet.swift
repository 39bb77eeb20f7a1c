import Atoms
import Compute
import Foundation
import Interactions
import Neighbors
import Network
import StructureFiles

/// Labelled structures made ready for a model: types, edges, and targets without what the network does not learn.
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

        /// Whether any term of the loss has a label here.
        func isLabelled(for loss: (energy: Double, forces: Double, stress: Double)) -> Bool {
            energy != nil && loss.energy > 0 || forces != nil && loss.forces > 0 || virial != nil && loss.stress > 0
        }
    }

    public let items: [Item]

    public var count: Int { items.count }
    public var atoms: Int { items.reduce(0) { $0 + $1.structure.count } }

    /// How many structures carry a label.
    public func count(of label: Label) -> Int { items.count { $0.structure.carries(label) } }

    /// Throws when an element is not a type of the model, or a structure has no neighbour list.
    public init(_ structures: [Structure], for configuration: ModelConfiguration, parallelism: Parallelism) throws {
        let elements = configuration.elements
        let typeOf = Dictionary(uniqueKeysWithValues: elements.enumerated().map { ($1, Int32($0)) })
        let pair = try configuration.pairInteraction(parallelism: .serial)
        var rest = InteractionResult()
        items = try structures.map { structure in
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
            rest.reset(count: structure.count)
            try pair?.evaluate(elements: structure.elements, edges: edges, into: &rest)
            let shift = species.reduce(0) { $0 + configuration.perTypeEnergyShifts[Int($1)] }
            return Item(
                structure: structure, species: species, edges: edges,
                energy: structure.energy.map { $0 - shift - rest.energy },
                forces: structure.forces.map { zip($0, rest.forces).map { $0 - $1 } },
                virial: structure.labelledStress.map { $0 * -structure.cell!.volume - rest.virial })
        }
    }
}

extension Structure {
    /// The stress that is learned and compared: a structure has one where it repeats in all directions.
    var labelledStress: Matrix3? { cell?.isFullyPeriodic == true ? stress : nil }
}
