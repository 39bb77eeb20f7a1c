import Atoms
import Compute
import Interactions
import Neighbors
import Network

/// Predictions of a potential for structures, and their errors where there are labels.
public final class Evaluation {
    private let interaction: any Interaction
    private let parallelism: Parallelism
    private var result = InteractionResult()

    public init(of potential: Potential, precision: Potential.Precision? = nil, parallelism: Parallelism) throws {
        interaction = try potential.interaction(precision: precision, parallelism: parallelism)
        self.parallelism = parallelism
    }

    /// The structure with the potential's energy, forces and (in a cell) stress in place of its labels.
    public func predict(_ structure: Structure) throws -> Structure {
        let edges = try EdgeList(
            positions: structure.positions, cell: structure.cell, cutoffs: Cutoffs(interaction.cutoff),
            parallelism: parallelism)
        try interaction.check(elements: structure.elements)
        try interaction.evaluate(elements: structure.elements, edges: edges, into: &result)
        var predicted = structure
        predicted.energy = result.energy
        predicted.forces = result.forces
        predicted.stress = structure.cell.flatMap { $0.isFullyPeriodic ? result.virial * (-1 / $0.volume) : nil }
        return predicted
    }

    /// Adds the errors of a prediction to `errors`.
    public static func compare(_ predicted: Structure, with label: Structure, _ errors: inout ErrorMeasures) {
        errors.add(
            elements: label.elements, energyError: label.energy.map { predicted.energy! - $0 },
            forceErrors: label.forces.map { zip(predicted.forces!, $0).map { $0 - $1 } },
            stressError: label.labelledStress.map { predicted.stress! - $0 })
    }

    /// The errors on labelled structures.
    public func errors(on structures: [Structure]) throws -> ErrorMeasures {
        var errors = ErrorMeasures()
        for structure in structures { Self.compare(try predict(structure), with: structure, &errors) }
        return errors
    }
}
