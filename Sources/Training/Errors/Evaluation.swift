import Atoms
import Compute
import Interactions
import Neighbors
import Potentials
import StructureFiles

/// Predictions of a potential for structures, and their errors where there are labels.
public final class Evaluation {
    private let evaluator: Evaluator
    private var properties: [Property] { evaluator.interaction.properties }
    /// Beside energy, forces and stress.
    public var others: [Property] { properties.filter { !Property.ofEnergySurface.contains($0) } }

    public init(of potential: Potential, precision: Potential.Precision? = nil, parallelism: Parallelism) throws {
        evaluator = Evaluator(
            try potential.interaction(precision: precision, parallelism: parallelism), parallelism: parallelism)
    }

    /// The structures with the potential's energy, forces, (in a cell) stress and other properties in place of their
    /// labels; of a committee also how far its members disagree. A dipole is about the origin that the structure
    /// states, and about the centroid of an ion that states none.
    ///
    /// - Throws: a `StructureEvaluationError` that says which structure cannot be evaluated.
    public func predict(_ structures: [Structure]) throws -> [Structure] {
        zip(structures, try evaluator.evaluate(structures, wantsProperties: true)).map { structure, result in
            var predicted = structure
            (predicted.energy, predicted.forces, predicted.stress) = (nil, nil, nil)
            if properties.contains(.energy) {
                predicted.energy = result.energy
                predicted.forces = result.forces
                predicted.stress = structure.cell.flatMap {
                    $0.isFullyPeriodic ? $0.stress(ofVirial: result.virial) : nil
                }
            }
            predicted.deviation = result.deviation
            predicted.properties = result.properties
            if let numbers = result.properties[.dipole], let charge = structure.totalCharge, charge != 0 {
                let origin = structure.dipoleOrigin ?? structure.centroid
                let dipole = Structure.dipole(
                    SIMD3(numbers[0], numbers[1], numbers[2]), charge: charge, movedFrom: structure.centroid,
                    to: origin)
                predicted.properties[.dipole] = [dipole.x, dipole.y, dipole.z]
                predicted.dipoleOrigin = origin
            }
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
        var errors = GroupedErrors(of: others)
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
        var errors = GroupedErrors(of: others)
        var iterator = structures.makeIterator()
        try predict {
            iterator.next()
        } _: { structure, prediction in
            errors.add(prediction, for: structure)
        }
        return errors
    }
}
