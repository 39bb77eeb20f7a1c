import Atoms
import Compute

/// Newton's equations at constant energy (NVE): second order, time-reversible, symplectic.
///
///     v += ½ Δt F/m;   x += Δt v;   F = F(x);   v += ½ Δt F/m
///
/// Swope, Andersen, Berens and Wilson, J. Chem. Phys. 76, 637 (1982). With constraints it is RATTLE: kicks end in the
/// space of velocities that they allow, and the drift stays in that of positions.
public struct VelocityVerlet: Propagator {
    public let timestep: Time
    public var evaluations: Int { 1 }

    public init(timestep: Time) { self.timestep = timestep }

    public func validate() throws { try SimulationError.validate(timestep: timestep) }

    public func propagate(_ motion: inout Motion, evaluate: (inout Motion) throws -> Void) throws {
        let dt = timestep.femtoseconds
        guard motion.constraints.isEmpty else {
            try motion.constrainedKick(dt / 2)
            try motion.constrainedDrift(dt)
            try evaluate(&motion)
            return try motion.constrainedKick(dt / 2)
        }
        kickAndDrift(&motion, dt)
        try evaluate(&motion)
        motion.kick(dt / 2)
    }

    private func kickAndDrift(_ motion: inout Motion, _ dt: Double) {
        let (forces, masses, freedom) = (motion.result.forces, motion.masses, motion.freedom)
        let kick = 0.5 * dt * Units.acceleration
        motion.parallelism.reduce(&motion.positions, &motion.velocities, by: Motion.length, from: (), { _, _ in }) {
            atoms, positions, velocities in
            let (forces, masses, freedom) = (forces.span, masses.span, freedom.span)
            for (row, i) in atoms.enumerated() {
                velocities[row] += forces[i] * (kick / masses[i]) * freedom[i]
                positions[row] += velocities[row] * dt
            }
        }
    }
}

extension Motion {
    /// v += Δt F/m.
    mutating func kick(_ dt: Double) {
        let (forces, masses, freedom) = (result.forces, masses, freedom)
        let kick = dt * Units.acceleration
        parallelism.update(&velocities, by: Motion.length) { atoms, velocities in
            let (forces, masses, freedom) = (forces.span, masses.span, freedom.span)
            for (row, i) in atoms.enumerated() { velocities[row] += forces[i] * (kick / masses[i]) * freedom[i] }
        }
    }
}
