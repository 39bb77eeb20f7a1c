import Atoms
import Compute
import Foundation
import Interactions
import Neighbors

/// A structure inside a potential file with the energy and forces that the potential gave it. They are computed again
/// when the file is loaded for use: a damaged file or a wrong build is found before it does harm.
public struct ReferenceStructure: Sendable, Equatable {
    public var structure: Structure

    /// `structure` with what `interaction` gives it, in place of any labels.
    public init(_ structure: Structure, under interaction: any Interaction) throws {
        var bare = Structure(elements: structure.elements, positions: structure.positions, cell: structure.cell)
        if let charge = structure.totalCharge, charge != 0 { bare.information[Structure.chargeKeys[0]] = "\(charge)" }
        let result = try Self.evaluate(bare, under: interaction)
        if interaction.properties.contains(.energy) {
            bare.energy = result.energy
            bare.forces = result.forces
        }
        bare.properties = result.properties
        self.structure = bare
    }

    init(stored structure: Structure) { self.structure = structure }

    private static func evaluate(_ structure: Structure, under interaction: any Interaction) throws
        -> InteractionResult
    {
        try Evaluator(interaction, parallelism: .serial).evaluate([structure], wantsProperties: true)[0]
    }

    /// Throws a `PotentialError` if `interaction` gives other values than those stored. Tolerances allow for the
    /// rounding of another instruction set in the potential's precision, and for nothing else.
    func verify(under interaction: any Interaction, precision: Potential.Precision) throws {
        let result = try Self.evaluate(structure, under: interaction)
        let unit = precision == .float32 ? 2e-5 : 1e-9
        if let energy = structure.energy, let forces = structure.forces {
            let largest = forces.reduce(1.0) { max($0, norm($1)) }
            let energyError = abs(result.energy - energy) / Double(structure.count)
            let forceError = zip(result.forces, forces).map { norm($0 - $1) }.max() ?? 0
            guard energyError < unit, forceError < 25 * unit * largest else {
                throw PotentialError(
                    """
                    its own reference structure \(structure.formula) has energy \(energy) eV but gets \
                    \(result.energy) eV (forces differ by up to \(forceError) eV/Å): the file is damaged, or this \
                    program computes wrongly on this machine
                    """)
            }
        }
        for (property, values) in structure.properties.sorted(by: { $0.key < $1.key }) {
            let found = result.properties[property] ?? []
            let largest = values.reduce(1.0) { max($0, abs($1)) }
            let error = zip(found, values).map { abs($0 - $1) }.max() ?? 0
            guard found.count == values.count, error < 25 * unit * largest * Double(structure.count) else {
                throw PotentialError(
                    "its own reference structure \(structure.formula) gets other \(property) than the file states (by up to \(error) \(property.unit)): the file is damaged, or this program computes wrongly on this machine"
                )
            }
        }
    }
}

extension Potential {
    /// Reference structures that a potential file holds.
    public static let referenceCount = 2

    /// Computes the stored reference structures again; throws a `PotentialError` where they differ or are missing.
    public func verify() throws {
        guard references.count == Self.referenceCount else {
            throw PotentialError(
                "has \(references.count) reference structures, expected \(Self.referenceCount): nothing shows that this program computes it rightly"
            )
        }
        let interaction = try interaction(parallelism: .serial)
        for reference in references { try reference.verify(under: interaction, precision: precision) }
    }
}
