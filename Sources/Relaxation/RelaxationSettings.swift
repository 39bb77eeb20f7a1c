import Atoms

/// What is minimised, and when it counts as minimal.
public struct RelaxationSettings: Sendable, Equatable {
    public enum Method: String, Sendable, CaseIterable {
        /// Quasi-Newton steps in the metric of a model of bonds; the fewest evaluations.
        case lbfgs
        /// Damped dynamics, which needs no energies and forgives rough surfaces.
        case fire
    }

    /// How the cell may change.
    public enum CellChange: String, Sendable, CaseIterable {
        case fixed
        /// Lengths and angles.
        case full
        /// The volume.
        case isotropic
        /// All but the volume.
        case shape
        /// Strains along x, y and z, no shears.
        case diagonal
    }

    public var method = Method.lbfgs
    public var cellChange = CellChange.fixed
    /// Cartesian axes x, y, z along which the cell may change; those along which it repeats where this is nil.
    public var axes: [Bool]?
    /// The stress that the structure is relaxed to, eV/Å³, positive in tension; −p on the diagonal for a pressure p.
    public var targetStress = Matrix3.zero
    /// The largest length of a force at which a structure counts as relaxed, eV/Å.
    public var forceTolerance = 0.01
    /// The largest deviation of a component of the stress, eV/Å³.
    public var stressTolerance = 0.005 / Units.gigapascal
    /// Evaluations of a structure at most, the first included.
    public var maximumEvaluations = 500
    /// How far an atom moves in a step at most, Å.
    public var largestMove = 0.2
    /// The largest component of the strain of a step.
    public var largestStrain = 0.06
    /// Atoms that stay where they are in the cell, from 0.
    public var fixedAtoms: Set<Int> = []

    public init() {}

    /// eV/Å³ in GPa.
    public static let gigapascal = Units.gigapascal
}
