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

    /// Replaces `result` by energies, forces and virial of these atoms. Nothing is allocated after the first call with
    /// a given size. Throws on a result that is not finite. One that needs all atoms, positions or the cell refuses a
    /// configuration that is not whole, by its name.
    func evaluate(_ configuration: Configuration, into result: inout InteractionResult) throws

    /// The same for unrelated structures, all of them whole: as many results as configurations. One after the other
    /// unless an interaction knows better.
    func evaluate(_ configurations: [Configuration], into results: inout [InteractionResult]) throws

    /// The Hessian of the energy of a whole structure times each of the directions (`[atom]`, Å), in eV/Å: how forces
    /// change along them, with the opposite sign. `nil` where it does not know second derivatives, whatever the
    /// directions; differences of forces must do then.
    func hessian(of configuration: Configuration, times directions: [[SIMD3<Double>]]) throws -> [[SIMD3<Double>]]?

    /// How energy flows between the atoms of a whole structure that move at these velocities (`[atom]`, Å/fs); `nil`
    /// where it does not know.
    func energyFlow(of configuration: Configuration, velocities: [SIMD3<Double>]) throws -> EnergyFlow?

    /// The derivatives of J·field by the velocities for each of some fields, J the flow of potential energy
    /// (`EnergyFlow.flux`) and the fields in 1/Å, `[field][atom]` in eV/Å: forces that drive heat. Edges alone matter,
    /// all between atoms that are here; `nil` where it does not know.
    func heatDrivingForces(
        of configuration: Configuration, fields: [SIMD3<Double>]
    ) throws -> [[SIMD3<Double>]]?

    /// What it computes. One without energies throws unless properties are what is wanted.
    var properties: [Property] { get }

    /// How close pairs of elements ever were in what the potential learned from; `nil` for one without such a limit.
    var minimumDistances: MinimumDistances? { get }

    /// Who holds the atoms that ghosts are copies of. An interaction that sees its neighbours' neighbours needs it
    /// where edges come from ghosts.
    var ghostExchange: GhostExchange? { get set }

    /// Bytes of the longest row that is exchanged for each ghost; 0 where nothing is.
    var longestExchange: Int { get }

    /// What evaluating a structure of this size takes in memory, in bytes.
    func memoryEstimate(atoms: Int, edges: Int) -> Double
}

extension Interaction {
    public func evaluate(_ configurations: [Configuration], into results: inout [InteractionResult]) throws {
        for index in configurations.indices { try evaluate(configurations[index], into: &results[index]) }
    }

    public func hessian(
        of configuration: Configuration, times directions: [[SIMD3<Double>]]
    ) throws -> [[SIMD3<Double>]]? { nil }

    public func energyFlow(of configuration: Configuration, velocities: [SIMD3<Double>]) throws -> EnergyFlow? { nil }

    public func heatDrivingForces(
        of configuration: Configuration, fields: [SIMD3<Double>]
    ) throws -> [[SIMD3<Double>]]? { nil }

    /// `[atom]` — W_j = Σ_i (r_i − r_j) ⊗ ∂E_i/∂r_j in eV, not symmetric: J = Σ_j W_j v_j (Boone, Babaei and Wilmer, J.
    /// Chem. Theory Comput. 15, 5579 (2019), call them centroid virials). Edges as for `heatDrivingForces`; `nil` where
    /// it does not know.
    public func centroidVirials(of configuration: Configuration) throws -> [Matrix3]? {
        let axes = [SIMD3(1.0, 0, 0), SIMD3(0, 1.0, 0), SIMD3(0, 0, 1.0)]
        guard let rows = try heatDrivingForces(of: configuration, fields: axes) else { return nil }
        return rows[0].indices.map { Matrix3(rows[0][$0], rows[1][$0], rows[2][$0]) }
    }

    public var properties: [Property] { Property.ofEnergySurface }

    public var minimumDistances: MinimumDistances? { nil }

    /// Nothing of ghosts is needed but where they are.
    public var ghostExchange: GhostExchange? {
        get { nil }
        set {}
    }

    public var longestExchange: Int { 0 }

    public func memoryEstimate(atoms: Int, edges: Int) -> Double { 0 }
}

/// What an interaction computes. Energies in eV, forces in eV/Å, virial in eV.
public struct InteractionResult: Sendable {
    public var energy = 0.0
    /// `[atom]`; their sum is `energy`.
    public var atomicEnergies: [Double] = []
    /// `[atom, then ghost]` — a force on a ghost belongs to the atom that it is a copy of.
    public var forces: [SIMD3<Double>] = []
    /// −dE/dε = −V·σ, symmetric.
    public var virial = Matrix3.zero
    /// How far the members of a committee disagree about energy and forces, of which the above are the mean; `nil` for
    /// a single potential. Of ghosts it says nothing.
    public var deviation: Structure.Deviation?
    /// `[member]` — the energies of a committee's members in eV; empty for a single potential.
    public var memberEnergies: [Double] = []
    /// Whether `atomicVirials` are asked for.
    public var wantsAtomicVirials = false
    /// `[atom, then ghost]` — their shares of the virial in eV: of every edge the half, `−½ r ⊗ dE/dr`, for each of its
    /// ends. Empty unless asked for.
    public var atomicVirials: [Matrix3] = []
    /// Whether `properties` are asked for.
    public var wantsProperties = false
    /// Properties beside energy, forces and virial, as in `Structure.properties`. Empty unless asked for.
    public var properties: [Property: [Double]] = [:]

    public init() {}

    /// Sets every value to zero for `count` atoms and the ghosts after them, keeping the storage.
    ///
    /// - Parameter members: of a committee, whose deviations and energies are then there, all zero; otherwise there are
    ///   none.
    public mutating func reset(count: Int, ghosts: Int = 0, members: Int = 1) {
        energy = 0
        virial = .zero
        if !properties.isEmpty { properties = [:] }
        memberEnergies.setAll(members > 1 ? members : 0, to: 0)
        if members > 1 {
            if deviation == nil { deviation = Structure.Deviation(energy: 0, forces: []) }
            deviation!.energy = 0
            deviation!.forces.setAll(count, to: 0)
        } else {
            deviation = nil
        }
        forces.setAll(count + ghosts, to: .zero)
        atomicEnergies.setAll(count, to: 0)
        atomicVirials.setAll(wantsAtomicVirials ? count + ghosts : 0, to: .zero)
    }
}

extension Array {
    /// `count` elements of one value, in the same storage where it has that size.
    fileprivate mutating func setAll(_ count: Int, to value: Element) {
        if self.count == count {
            for i in 0..<count { self[i] = value }
        } else {
            self = Array(repeating: value, count: count)
        }
    }
}
