import Atoms
import Interactions

/// A potential beside the interaction, which holds or drives atoms: restraints, walls, PLUMED.
///
/// Contract (`BiasTests`): forces are −dE/dx; the virial is −dE/dε, with what it refers to in space moving along.
public protocol Bias: AnyObject {
    /// For people: `3 restraints`.
    var description: String { get }

    /// Whether it holds atoms in space, so that the momentum of the whole is not conserved.
    var actsFromOutside: Bool { get }

    /// Whether it looks at what the interaction predicts beside energy and forces.
    var wantsProperties: Bool { get }

    /// What must go into checkpoints, as text; `nil` for nothing.
    var state: String? { get }

    /// Adds energy, forces and virial of the atoms of `motion` to its result.
    ///
    /// - Parameter step: that the positions belong to, which may be ahead of `motion.step`.
    /// - Returns: the energy, eV.
    func apply(to motion: inout Motion, atStep step: Int) throws -> Double
}

extension Bias {
    public var state: String? { nil }
    public var wantsProperties: Bool { false }
}
