import Atoms
import Compute
import Interactions
import Neighbors
import Potentials
import StructureFiles

/// Predictions of a potential for structures, and their errors where there are labels.
public final class Evaluation {
    private let interaction: any Interaction
    private let parallelism: Parallelism
    private var result = InteractionResult()

    public init(of potential: Potential, precision: Potential.Precision? = nil, parallelism: Parallelism) throws {
        interaction = try potential.interaction(precision: precision, parallelism: parallelism)
        self.parallelism = parallelism
    }

    /// The structure with the potential's energy, forces and (in a cell) stress in place of its labels; of a committee
    /// also how far its members disagree.
    public func predict(_ structure: Structure) throws -> Structure {
        let edges = try EdgeList(
            positions: structure.positions, cell: structure.cell, cutoffs: Cutoffs(interaction.cutoff),
            parallelism: parallelism)
        try interaction.check(elements: structure.elements)
        try interaction.evaluate(elements: structure.elements, edges: edges, into: &result)
        var predicted = structure
        predicted.energy = result.energy
        predicted.forces = result.forces
        predicted.stress = structure.cell.flatMap { $0.isFullyPeriodic ? $0.stress(ofVirial: result.virial) : nil }
        predicted.deviation = result.deviation
        return predicted
    }

    /// Writes what the potential says of a data set beside the labels (extended XYZ), and returns the errors.
    func writePredictions(for set: DataSet, to path: String) throws -> GroupedErrors {
        let writer = try ExtendedXYZWriter(path: path, mode: .replacing)
        var errors = GroupedErrors()
        for index in 0..<set.count {
            let structure = set.structure(index)
            let prediction = try predict(structure)
            errors.add(prediction, for: structure, set: set.setNames.isEmpty ? nil : set.setNames[index])
            try writer.write(prediction, beside: structure)
        }
        try writer.close()
        return errors
    }

    /// The errors on labelled structures.
    public func errors(on structures: some Sequence<Structure>) throws -> GroupedErrors {
        var errors = GroupedErrors()
        for structure in structures { errors.add(try predict(structure), for: structure) }
        return errors
    }
}
