import Atoms
import Compute
import Interactions
import Neighbors
import Potentials
import StructureFiles

/// Predictions of a potential for structures, and their errors where there are labels.
public final class Evaluation {
    private let evaluator: Evaluator

    public init(of potential: Potential, precision: Potential.Precision? = nil, parallelism: Parallelism) throws {
        evaluator = Evaluator(
            try potential.interaction(precision: precision, parallelism: parallelism), parallelism: parallelism)
    }

    /// The structures with the potential's energy, forces and (in a cell) stress in place of their labels; of a
    /// committee also how far its members disagree.
    ///
    /// - Throws: a `StructureEvaluationError` that says which structure cannot be evaluated.
    public func predict(_ structures: [Structure]) throws -> [Structure] {
        zip(structures, try evaluator.evaluate(structures)).map { structure, result in
            var predicted = structure
            predicted.energy = result.energy
            predicted.forces = result.forces
            predicted.stress = structure.cell.flatMap {
                $0.isFullyPeriodic ? $0.stress(ofVirial: result.virial) : nil
            }
            predicted.deviation = result.deviation
            return predicted
        }
    }

    public func predict(_ structure: Structure) throws -> Structure { try predict([structure])[0] }

    /// Hands structures over with their predictions, in the order in which they come. They are evaluated together as
    /// long as they are small.
    public func predict(
        _ next: () throws -> Structure?, _ report: (_ label: Structure, _ prediction: Structure) throws -> Void
    ) throws {
        var (waiting, atoms, isLast): ([Structure], Int, Bool) = ([], 0, false)
        while !isLast {
            if let structure = try next() {
                waiting.append(structure)
                atoms += structure.count
            } else {
                isLast = true
            }
            guard isLast || atoms >= Self.blockAtoms || waiting.count >= Self.blockAtoms else { continue }
            for (label, prediction) in zip(waiting, try predict(waiting)) { try report(label, prediction) }
            (waiting, atoms) = ([], 0)
        }
    }

    /// Atoms that are collected before they are evaluated.
    private static let blockAtoms = 4096

    /// Writes what the potential says of a data set beside the labels (extended XYZ), and returns the errors.
    func writePredictions(for set: DataSet, to path: String) throws -> GroupedErrors {
        let writer = try ExtendedXYZWriter(path: path, mode: .replacing)
        var errors = GroupedErrors()
        var (read, written) = (0, 0)
        try predict {
            defer { read += 1 }
            return read < set.count ? set.structure(read) : nil
        } _: { structure, prediction in
            errors.add(prediction, for: structure, set: set.setNames.isEmpty ? nil : set.setNames[written])
            try writer.write(prediction, beside: structure)
            written += 1
        }
        try writer.close()
        return errors
    }

    /// The errors on labelled structures.
    public func errors(on structures: some Sequence<Structure>) throws -> GroupedErrors {
        var errors = GroupedErrors()
        var iterator = structures.makeIterator()
        try predict {
            iterator.next()
        } _: { structure, prediction in
            errors.add(prediction, for: structure)
        }
        return errors
    }
}
