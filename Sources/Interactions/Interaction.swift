import Atoms
import Compute
import Neighbors

/// A potential energy surface: anything that turns atoms and their neighbours into energies and forces.
///
/// An implementation may keep workspaces between calls, so one instance serves one simulation at a time.
/// Contract (tested for every implementation): invariant under rotation, inversion, translation and permutation;
/// forces are −dE/dx; the virial is −dE/dε; both vanish smoothly at the cutoff; edges longer than `cutoff`
/// contribute nothing.
public protocol Interaction: AnyObject {
    /// The longest edge that contributes, in Å.
    var cutoff: Double { get }

    /// Throws when an element is not covered; the message names it and those that are.
    func check(elements: [Element]) throws

    /// Replaces `result` by energies, forces and virial of these atoms. Nothing is allocated after the first call
    /// with a given size. Throws on a result that is not finite.
    func evaluate(elements: [Element], edges: EdgeList, into result: inout InteractionResult) throws

    /// How close pairs of elements ever were in what the potential learned from; `nil` for one without such a limit.
    var minimumDistances: MinimumDistances? { get }
}

extension Interaction {
    public var minimumDistances: MinimumDistances? { nil }
}

/// What an interaction computes. Energies in eV, forces in eV/Å, virial in eV.
public struct InteractionResult: Sendable {
    public var energy = 0.0
    /// `[atom]`; their sum is `energy`.
    public var atomicEnergies: [Double] = []
    /// `[atom]`
    public var forces: [SIMD3<Double>] = []
    /// −dE/dε = −V·σ, symmetric.
    public var virial = Matrix3.zero
    /// How far the members of a committee disagree about energy and forces, of which the above are the mean; `nil` for a
    /// single potential.
    public var deviation: Structure.Deviation?

    public init() {}

    /// Sets every value to zero for `count` atoms, keeping the storage.
    public mutating func reset(count: Int) {
        energy = 0
        virial = .zero
        if forces.count != count {
            forces = Array(repeating: .zero, count: count)
            atomicEnergies = Array(repeating: 0, count: count)
        } else {
            for i in 0..<count {
                forces[i] = .zero
                atomicEnergies[i] = 0
            }
        }
    }
}
