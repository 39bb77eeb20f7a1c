import Atoms
import Compute
import Interactions

/// Newton's equations with forces of two timesteps (r-RESPA): a cheap interaction moves the atoms n times, and what the
/// dear one says otherwise kicks them before and after.
///
///     v += ½ n Δt (F − F_cheap)/m;   n times velocity Verlet with F_cheap;   v += ½ n Δt (F − F_cheap)/m
///
/// Conserved is the energy of the dear interaction. Second order, reversible and symplectic; the long timestep n Δt is
/// limited by the fastest vibration of the difference, and by resonance with the fastest of all to about a third of its
/// period. Tuckerman, Berne and Martyna, J. Chem. Phys. 97, 1990 (1992).
public struct MultipleTimesteps: Propagator {
    /// n Δt
    public let timestep: Time
    /// n
    public let count: Int
    /// F_cheap at the present positions, eV/Å.
    private var cheap: [SIMD3<Double>] = []

    public var evaluations: Int { count + 1 }

    /// - Parameter timestep: the long one.
    public init(timestep: Time, count: Int) {
        precondition(count >= 1, "expected a short timestep, got \(count)")
        (self.timestep, self.count) = (timestep, count)
    }

    public func validate() throws { try SimulationError.validate(timestep: timestep) }

    public mutating func prepare(
        for motion: Motion, degreesOfFreedom: Int, evaluate: (inout Motion) throws -> Void
    ) throws {
        var present = motion
        present.wantsCheapForces = true
        try evaluate(&present)
        cheap = present.result.forces
    }

    public mutating func propagate(_ motion: inout Motion, evaluate: (inout Motion) throws -> Void) throws {
        let long = timestep.femtoseconds
        let short = long / Double(count)
        motion.kick(long / 2, motion.result.forces, less: cheap)
        motion.wantsCheapForces = true
        defer { motion.wantsCheapForces = false }
        for _ in 0..<count {
            motion.kick(short / 2, cheap)
            motion.drift(short)
            try evaluate(&motion)
            cheap = motion.result.forces
            motion.kick(short / 2, cheap)
        }
        motion.wantsCheapForces = false
        try evaluate(&motion)
        motion.kick(long / 2, motion.result.forces, less: cheap)
    }
}

extension Motion {
    /// v += Δt (F − G)/m
    fileprivate mutating func kick(_ dt: Double, _ forces: [SIMD3<Double>], less others: [SIMD3<Double>]? = nil) {
        let (masses, freedom, kick) = (masses, freedom, dt * Units.acceleration)
        parallelism.update(&velocities, by: Motion.length) { atoms, velocities in
            for (row, i) in atoms.enumerated() {
                let force = others.map { forces[i] - $0[i] } ?? forces[i]
                velocities[row] += force * (kick / masses[i]) * freedom[i]
            }
        }
    }

    fileprivate mutating func drift(_ dt: Double) {
        parallelism.reduce(&velocities, &positions, by: Motion.length, from: (), { _, _ in }) {
            atoms, velocities, positions in
            for row in 0..<atoms.count { positions[row] += velocities[row] * dt }
        }
    }
}

/// Noise and friction of all velocities, `v → e^−γΔt v + √(kT/m (1 − e^−2γΔt)) ξ`, after a step that has none.
public struct VelocityNoise: Propagator {
    public let timestep: Time
    public let temperature: BathTemperature
    public let friction: Rate
    public let seed: UInt64
    public let keepsCentreOfMass: Bool
    public var evaluations: Int { 0 }

    public func validate() throws {
        try SimulationError.validate(bath: temperature)
        try SimulationError.validate(friction: friction)
    }

    public func propagate(_ motion: inout Motion, evaluate: (inout Motion) throws -> Void) {
        let kT = Units.boltzmann * temperature.ramp.value(at: motion.step)
        motion.heat += motion.shake(
            timestep.femtoseconds, kT: kT, friction: friction, seed: seed,
            keepsCentreOfMass: keepsCentreOfMass && !motion.hasFixedAtoms)
    }
}
