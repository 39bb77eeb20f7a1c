import Atoms

/// What keeps atoms from moving freely: some are fixed, some bonds have a constant length, some molecules are rigid.
///
/// Each takes degrees of freedom away, from the velocities that are drawn and from the temperature; the forces that it
/// takes to hold bonds and molecules count for stress and pressure.
public struct Constraints: Sendable, Equatable, Codable {
    /// Two atoms, by index from 0, at a constant distance.
    public struct Bond: Sendable, Equatable, Codable {
        public var first: Int
        public var second: Int
        /// Å; that at the start unless given.
        public var length: Double?

        public init(_ first: Int, _ second: Int, length: Double? = nil) {
            (self.first, self.second, self.length) = (first, second, length)
        }
    }

    public var fixed = FixedAtoms()
    public var bonds: [Bond] = []
    /// The atoms of each, by index from 0, which move as one body.
    public var bodies: [[Int]] = []
    /// How far the square of a bond's length may be off, as a share of it.
    public var tolerance = 1e-10

    public init(fixed: FixedAtoms = FixedAtoms(), bonds: [Bond] = [], bodies: [[Int]] = []) {
        (self.fixed, self.bonds, self.bodies) = (fixed, bonds, bodies)
    }

    public var isEmpty: Bool { fixed.isEmpty && bonds.isEmpty && bodies.isEmpty }
}

/// Constraints of certain atoms: what propagators meet. Fixed axes are no part of it, but of `Motion.freedom`.
struct MotionConstraints: Sendable {
    let guides: [(atom: Int, guide: FixedAtoms.Guide)]
    let bonds: BondConstraints
    let bodies: [RigidBody]

    static let none = MotionConstraints()
    private init() {
        guides = []
        bonds = BondConstraints()
        bodies = []
    }

    var isEmpty: Bool { guides.isEmpty && bonds.isEmpty && bodies.isEmpty }
    /// Whether constraints between atoms are there, which a cell that moves would break.
    var joinsAtoms: Bool { !bonds.isEmpty || !bodies.isEmpty }

    /// Degrees of freedom that they take away.
    var count: Int {
        guides.reduce(0) { $0 + 3 - $1.guide.degreesOfFreedom } + bonds.count
            + bodies.reduce(0) { $0 + 3 * $1.atoms.count - $1.degreesOfFreedom }
    }

    /// Moves atoms to where bonds have the lengths that are asked for.
    ///
    /// - Parameters:
    ///   - freedom: `[atom]`, 1 along the axes that are free.
    ///   - masses: `[atom]`, amu.
    /// - Throws: `SimulationError` for atoms that are not there and for constraints that do not go together.
    init(
        _ constraints: Constraints, of positions: inout [SIMD3<Double>], in cell: Cell?, masses: [Double],
        freedom: [SIMD3<Double>]
    ) throws {
        func refused(_ message: String) -> SimulationError { SimulationError(.invalidSetting, message) }
        let count = positions.count
        let named = constraints.bodies.flatMap(\.self) + constraints.bonds.flatMap { [$0.first, $0.second] }
        if let atom = (named + constraints.fixed.atoms).first(where: { !(0..<count).contains($0) }) {
            throw refused("A constraint is of atom \(atom + 1); expected atoms of 1…\(count).")
        }
        let fixed = constraints.fixed.atoms
        var owner: [Int: Int] = [:]
        for (index, body) in constraints.bodies.enumerated() {
            for atom in body {
                guard owner.updateValue(index, forKey: atom) == nil else {
                    throw refused(
                        "Atom \(atom + 1) is in two rigid groups, or twice in one; expected each atom once.")
                }
                guard !fixed.contains(atom) else {
                    throw refused(
                        "Atom \(atom + 1) is fixed and in a rigid group; expected one of the two. To hold a molecule, "
                            + "fix all of its atoms.")
                }
            }
        }
        for bond in constraints.bonds {
            for atom in [bond.first, bond.second] {
                guard owner[atom] == nil else {
                    throw refused(
                        "Atom \(atom + 1) is in a rigid group and in a bond of constant length; expected one of the two."
                    )
                }
                guard constraints.fixed.guides[atom] == nil else {
                    throw refused(
                        "Atom \(atom + 1) has a bond of constant length and is fixed to a line or plane that is not along "
                            + "x, y or z; expected one of the two.")
                }
            }
        }
        guides = constraints.fixed.guides.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        bodies = try constraints.bodies.map { try RigidBody($0, positions: positions, cell: cell, masses: masses) }
        bonds = try BondConstraints(
            constraints.bonds, tolerance: constraints.tolerance, of: &positions, in: cell, masses: masses,
            freedom: freedom)
    }
}

extension Motion {
    /// Takes out of the velocities what constraints do not allow, by the mass-weighted projection, which is what the
    /// impulses of constraint forces do.
    ///
    /// - Throws: `SimulationError` when the iteration over bonds does not converge.
    mutating func constrainVelocities() throws {
        guard !constraints.isEmpty else { return }
        for (atom, guide) in constraints.guides { velocities[atom] = guide.project(velocities[atom]) }
        RigidBody.project(&self)
        try constraints.bonds.project(&velocities, at: positions, masses: masses, freedom: freedom, step: step)
    }

    /// v += Δt F/m, as far as constraints allow.
    mutating func constrainedKick(_ dt: Double) throws {
        kick(dt)
        try constrainVelocities()
    }

    /// The motion without forces in the space that constraints allow: x += Δt v, bonds back to their lengths along
    /// where they pointed, rigid bodies turned.
    ///
    /// - Throws: `SimulationError` when the iteration over bonds does not converge.
    mutating func constrainedDrift(_ dt: Double) throws {
        let bondsBefore = constraints.bonds.vectors(at: positions)
        let before = constraints.bodies.isEmpty ? [] : positions
        let moves = RigidBody.moves(self, dt)
        parallelism.reduce(&positions, &velocities, by: Motion.length, from: (), { _, _ in }) {
            atoms, positions, velocities in
            for row in 0..<atoms.count { positions[row] += velocities[row] * dt }
        }
        RigidBody.apply(moves, dt, from: before, &self)
        try constraints.bonds.restore(
            &positions, &velocities, from: bondsBefore, over: dt, masses: masses, freedom: freedom, step: step)
        try constraints.bonds.project(&velocities, at: positions, masses: masses, freedom: freedom, step: step)
    }

    /// Σ x ⊗ F over the forces that hold bonds and rigid bodies at this moment, eV.
    var constraintVirial: Matrix3 {
        guard constraints.joinsAtoms else { return .zero }
        return (constraints.bonds.virial(self) + RigidBody.virial(self)) * (1 / Units.acceleration)
    }

    /// Whether the velocities are those of constraints already, to about their rounding.
    var obeysConstraints: Bool {
        guard !constraints.isEmpty else { return true }
        var other = self
        guard (try? other.constrainVelocities()) != nil else { return false }
        let speed = velocities.reduce(0) { max($0, norm($1)) }
        return zip(velocities, other.velocities).allSatisfy { norm($0 - $1) <= 1e-7 * speed }
    }
}
