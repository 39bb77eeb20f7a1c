import Atoms
import Interactions

/// What became of a structure.
public struct RelaxedStructure: Sendable {
    /// Of the input, from 0.
    public var index: Int
    /// With energy, forces and, where it has a cell, stress; as it was given where it could not be evaluated.
    public var structure: Structure
    public var isConverged: Bool
    /// Evaluations, the first included.
    public var evaluations: Int
    /// The longest force on an atom that may move, eV/Å.
    public var largestForce: Double
    /// The largest component of σ − σ_target in what may change of the cell, eV/Å³; 0 for a fixed cell.
    public var stressDeviation: Double
    /// Why it did not converge; nil where it did.
    public var failure: String?
    /// The pair of atoms that is closest in comparison with what the potential has learned from; nil when none is too
    /// close.
    public var tooClose: MinimumDistances.Violation?
    /// The change of the energy, eV.
    public var energyChange: Double?
}
