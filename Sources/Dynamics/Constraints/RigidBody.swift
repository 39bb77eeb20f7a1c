import Atoms
import Compute
import Foundation

/// Atoms that move as one body: it has the momentum and the angular momentum of its atoms, and nothing else.
///
/// It remembers nothing that is not in positions and velocities. A kick changes velocities by the forces on all atoms
/// and is then projected on `v = V + ω × r`, which is what total force and torque do to the body. The motion without
/// forces is split into rotations that keep the angular momentum L exactly: by L²/2I_b about L, and by
/// ½ π_a² (1/I_a − 1/I_b) and ½ π_c² (1/I_c − 1/I_b) about principal axes a and c, with π = the parts of L along them,
/// half of a, c, half of a. Symplectic and time-reversible; exact for linear, spherical and symmetric tops.
/// Dullweber, Leimkuhler and McLachlan, J. Chem. Phys. 107, 5840 (1997); Touma and Wisdom, Astron. J. 107, 1189 (1994).
struct RigidBody: Sendable {
    let atoms: [Int]
    /// 6, or 5 for atoms in a line.
    private(set) var degreesOfFreedom: Int
    /// `[atom of it]`, to the images that make it whole, Å.
    private let shifts: [SIMD3<Double>]
    private let mass: Double

    /// Smallest moment of inertia of a body that turns about its axis, as a share of the largest: below it a molecule
    /// that is bent by 10⁻³ is a line.
    private static let line = 1e-6

    /// - Throws: `SimulationError` for less than two atoms.
    init(_ atoms: [Int], positions: [SIMD3<Double>], cell: Cell?, masses: [Double]) throws {
        guard atoms.count > 1 else {
            throw SimulationError(
                .invalidSetting,
                "A rigid group needs at least two atoms; got \(atoms.first.map { "atom \($0 + 1) alone" } ?? "none")."
            )
        }
        self.atoms = atoms
        mass = atoms.reduce(0) { $0 + masses[$1] }
        shifts = Self.shifts(atoms, positions, cell)
        degreesOfFreedom = 6
        let state = state(positions, positions, masses)
        let moments = SymmetricFunction(state.inertia).values
        guard moments.max() > 0 else {
            throw SimulationError(.invalidSetting, "The atoms of a rigid group are all at the same place.")
        }
        if moments.min() < Self.line * moments.max() { degreesOfFreedom = 5 }
    }

    /// From atom to nearest atom, so that the body may be longer than half the cell.
    private static func shifts(_ atoms: [Int], _ positions: [SIMD3<Double>], _ cell: Cell?) -> [SIMD3<Double>] {
        var shifts = [SIMD3<Double>](repeating: .zero, count: atoms.count)
        guard let cell, cell.isPeriodic != .zero else { return shifts }
        var distances = [Double](repeating: .infinity, count: atoms.count)
        var isPlaced = [Bool](repeating: false, count: atoms.count)
        distances[0] = 0
        for _ in atoms {
            let next = atoms.indices.filter { !isPlaced[$0] }.min { distances[$0] < distances[$1] }!
            isPlaced[next] = true
            let from = positions[atoms[next]] + shifts[next]
            for k in atoms.indices where !isPlaced[k] {
                let r = positions[atoms[k]] - from
                let shift = cell.shiftToNearest(r)
                guard norm(r + shift) < distances[k] else { continue }
                distances[k] = norm(r + shift)
                shifts[k] = shift
            }
        }
        return shifts
    }
}

// MARK: - Motion as a body

extension RigidBody {
    /// What the atoms of a body are and do together.
    private struct State {
        var centre = SIMD3<Double>.zero
        var velocity = SIMD3<Double>.zero
        /// amu·Å²/fs
        var angularMomentum = SIMD3<Double>.zero
        /// amu·Å²
        var inertia = Matrix3.zero
    }

    /// A body's motion over a time without forces.
    struct Move {
        fileprivate var centre = SIMD3<Double>.zero
        fileprivate var velocity = SIMD3<Double>.zero
        fileprivate var rotation = Matrix3.identity
        /// Afterwards, 1/fs.
        fileprivate var angularVelocity = SIMD3<Double>.zero
    }

    private func place(_ k: Int, _ positions: [SIMD3<Double>]) -> SIMD3<Double> { positions[atoms[k]] + shifts[k] }

    private func state(
        _ positions: [SIMD3<Double>], _ velocities: [SIMD3<Double>], _ masses: [Double]
    ) -> State {
        var state = State()
        for (k, atom) in atoms.enumerated() {
            state.centre += place(k, positions) * masses[atom]
            state.velocity += velocities[atom] * masses[atom]
        }
        state.centre *= 1 / mass
        state.velocity *= 1 / mass
        for (k, atom) in atoms.enumerated() {
            let r = place(k, positions) - state.centre
            state.angularMomentum += cross(r, velocities[atom]) * masses[atom]
            state.inertia += (Matrix3.identity * dot(r, r) - Matrix3.outer(r, r)) * masses[atom]
        }
        return state
    }

    /// ω of I ω = L; of a line what is across it.
    private func angularVelocity(_ l: SIMD3<Double>, _ inertia: Matrix3) -> SIMD3<Double> {
        guard degreesOfFreedom == 5 else { return l * inertia.inverse }
        let principal = SymmetricFunction(inertia)
        let least = (0..<3).min { principal.values[$0] < principal.values[$1] }!
        return (0..<3).reduce(SIMD3<Double>.zero) { sum, k in
            let axis = principal.axis(k)
            return k == least ? sum : sum + axis * (dot(axis, l) / principal.values[k])
        }
    }

    private func move(_ motion: borrowing Motion, _ dt: Double) -> Move {
        let state = state(motion.positions, motion.velocities, motion.masses)
        let l = state.angularMomentum
        let principal = SymmetricFunction(state.inertia)
        let order = [0, 1, 2].sorted { principal.values[$0] < principal.values[$1] }
        let moments = order.map { principal.values[$0] }
        var axes = order.map(principal.axis)
        var rotation = Matrix3.identity
        func turn(_ axis: SIMD3<Double>, _ angle: Double) {
            let turn = Matrix3.rotation(about: axis, by: angle)
            rotation = rotation * turn
            for k in 0..<3 { axes[k] = axes[k] * turn }
        }
        /// By the part of the energy that is of one principal axis.
        func turn(_ k: Int, _ time: Double) {
            turn(axes[k], time * dot(axes[k], l) * (1 / moments[k] - 1 / moments[1]))
        }
        if degreesOfFreedom == 6 {
            turn(0, dt / 2)
            turn(2, dt)
            turn(0, dt / 2)
        }
        let size = norm(l)
        if size > 0 { turn(l * (1 / size), dt * size / moments[1]) }
        var move = Move()
        (move.centre, move.velocity, move.rotation) = (state.centre, state.velocity, rotation)
        move.angularVelocity = (0..<3).reduce(SIMD3<Double>.zero) { sum, k in
            k == 0 && degreesOfFreedom == 5 ? sum : sum + axes[k] * (dot(axes[k], l) / moments[k])
        }
        return move
    }

    /// Bodies to a range of a parallel loop.
    private static let length = 64

    /// Where all bodies go, each from the positions and velocities before.
    static func moves(_ motion: Motion, _ dt: Double) -> [Move] {
        let bodies = motion.constraints.bodies
        var moves = [Move](repeating: Move(), count: bodies.count)
        motion.parallelism.update(&moves, by: length) { range, moves in
            for (row, k) in range.enumerated() { moves[row] = bodies[k].move(motion, dt) }
        }
        return moves
    }

    /// Puts the atoms of all bodies where they go from the positions `before`.
    static func apply(_ moves: [Move], _ dt: Double, from before: [SIMD3<Double>], _ motion: inout Motion) {
        for (body, move) in zip(motion.constraints.bodies, moves) {
            for (k, atom) in body.atoms.enumerated() {
                let r = (body.place(k, before) - move.centre) * move.rotation
                motion.positions[atom] = move.centre + move.velocity * dt + r - body.shifts[k]
                motion.velocities[atom] = move.velocity + cross(move.angularVelocity, r)
            }
        }
    }

    /// Velocities as those of bodies.
    static func project(_ motion: inout Motion) {
        let bodies = motion.constraints.bodies
        guard !bodies.isEmpty else { return }
        let (positions, velocities, masses) = (motion.positions, motion.velocities, motion.masses)
        var moves = [Move](repeating: Move(), count: bodies.count)
        motion.parallelism.update(&moves, by: length) { range, moves in
            for (row, k) in range.enumerated() {
                let state = bodies[k].state(positions, velocities, masses)
                moves[row].centre = state.centre
                moves[row].velocity = state.velocity
                moves[row].angularVelocity = bodies[k].angularVelocity(state.angularMomentum, state.inertia)
            }
        }
        for (body, move) in zip(bodies, moves) {
            for (k, atom) in body.atoms.enumerated() {
                let r = body.place(k, positions) - move.centre
                motion.velocities[atom] = move.velocity + cross(move.angularVelocity, r)
            }
        }
    }

    /// Σ r ⊗ (m a − F) with the accelerations of bodies, `a = A + α × r + ω × (ω × r)`, amu·Å²/fs².
    static func virial(_ motion: Motion) -> Matrix3 {
        motion.constraints.bodies.reduce(Matrix3.zero) { sum, body in
            let state = body.state(motion.positions, motion.velocities, motion.masses)
            var (force, torque) = (SIMD3<Double>.zero, SIMD3<Double>.zero)
            for (k, atom) in body.atoms.enumerated() {
                let f = motion.forces[atom] * Units.acceleration
                force += f
                torque += cross(body.place(k, motion.positions) - state.centre, f)
            }
            let omega = body.angularVelocity(state.angularMomentum, state.inertia)
            let alpha = body.angularVelocity(torque - cross(omega, state.angularMomentum), state.inertia)
            let acceleration = force * (1 / body.mass)
            var own = Matrix3.zero
            for (k, atom) in body.atoms.enumerated() {
                let r = body.place(k, motion.positions) - state.centre
                let a = acceleration + cross(alpha, r) + cross(omega, cross(omega, r))
                own += Matrix3.outer(r, a * motion.masses[atom] - motion.forces[atom] * Units.acceleration)
            }
            return sum + (own + own.transposed) * 0.5
        }
    }
}

extension Matrix3 {
    /// v R turns the row vector v about a unit vector; Rodrigues' formula.
    static func rotation(about axis: SIMD3<Double>, by angle: Double) -> Matrix3 {
        let (s, c) = (sin(angle), cos(angle))
        func turned(_ v: SIMD3<Double>) -> SIMD3<Double> {
            v * c + cross(axis, v) * s + axis * (dot(axis, v) * (1 - c))
        }
        return Matrix3(turned(SIMD3(1, 0, 0)), turned(SIMD3(0, 1, 0)), turned(SIMD3(0, 0, 1)))
    }
}
