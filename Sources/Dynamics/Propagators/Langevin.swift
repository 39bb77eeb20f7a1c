import Atoms
import Compute
import Foundation

/// Langevin's equation at constant temperature (NVT), `m dv = F dt − γ m v dt + √(2γ m kT) dW`, by the splitting BAOAB:
///
///     B: v += ½ Δt F/m      A: x += ½ Δt v      O: v = e^−γΔt v + √(kT/m (1 − e^−2γΔt)) ξ      A      B
///
/// Configurations are sampled with an error of order Δt⁴ when friction is high, and exactly in a harmonic potential.
/// Leimkuhler and Matthews, J. Chem. Phys. 138, 174102 (2013).
///
/// The noise is a function of the seed, the step and the atom (`Philox`). `keepsCentreOfMass` projects it, in mass-
/// weighted space, on what is orthogonal to the motion of the whole: 3N − 3 degrees of freedom have exactly the
/// canonical distribution and the centre of mass rests. Without it, and where atoms are fixed, all 3N do. With
/// constraints each of the letters keeps to them: Leimkuhler and Matthews, Proc. R. Soc. A 472, 20160138 (2016).
public struct Langevin: Propagator {
    public let timestep: Time
    public let temperature: BathTemperature
    public let friction: Rate
    public let seed: UInt64
    public let keepsCentreOfMass: Bool
    public var evaluations: Int { 1 }

    public init(
        timestep: Time, temperature: BathTemperature, friction: Rate, seed: UInt64, keepsCentreOfMass: Bool = true
    ) {
        self.timestep = timestep
        self.temperature = temperature
        self.friction = friction
        self.seed = seed
        self.keepsCentreOfMass = keepsCentreOfMass
    }

    public func validate() throws {
        try SimulationError.validate(timestep: timestep)
        try SimulationError.validate(bath: temperature)
        try SimulationError.validate(friction: friction)
    }

    public func propagate(_ motion: inout Motion, evaluate: (inout Motion) throws -> Void) throws {
        let dt = timestep.femtoseconds
        guard motion.constraints.isEmpty else { return try propagateConstrained(&motion, evaluate, dt) }
        let (momentum, exchanged) = kickDriftAndShake(&motion, dt)
        motion.heat += exchanged
        var drift = SIMD3<Double>.zero
        if keepsCentreOfMass, motion.count > 0, !motion.exchangesMomentum {
            let mass = motion.masses.reduce(0, +)
            drift = momentum * (1 / mass)
            motion.heat -= 0.5 * dot(momentum, momentum) / mass / Units.acceleration
        }
        driftOn(&motion, dt / 2, less: drift)
        try evaluate(&motion)
        motion.kick(dt / 2)
    }

    private func propagateConstrained(
        _ motion: inout Motion, _ evaluate: (inout Motion) throws -> Void, _ dt: Double
    ) throws {
        try motion.constrainedKick(dt / 2)
        try motion.constrainedDrift(dt / 2)
        let before = motion.kineticEnergy
        let kT = Units.boltzmann * temperature.ramp.value(at: motion.step)
        motion.addNoise(dt, kT: kT, friction: friction, seed: seed)
        try motion.constrainVelocities()
        if keepsCentreOfMass, !motion.exchangesMomentum { motion.removeMomentum() }
        motion.heat += motion.kineticEnergy - before
        try motion.constrainedDrift(dt / 2)
        try evaluate(&motion)
        try motion.constrainedKick(dt / 2)
    }

    /// B, A and O in one pass. Returns the momentum after it and the kinetic energy that O has added (eV).
    private func kickDriftAndShake(_ motion: inout Motion, _ dt: Double) -> (SIMD3<Double>, Double) {
        let (forces, masses, freedom) = (motion.result.forces, motion.masses, motion.freedom)
        let step = motion.step
        let noise = Philox(seed: seed)
        let kick = 0.5 * dt * Units.acceleration
        let memory = exp(-friction.perFemtosecond * dt)
        // 1 − e^−2γΔt without cancellation, for small friction.
        let spread =
            -expm1(-2 * friction.perFemtosecond * dt) * Units.boltzmann * temperature.ramp.value(at: step)
            * Units.acceleration
        let sum = motion.parallelism.reduce(
            &motion.positions, &motion.velocities, by: Motion.length, from: SIMD4<Double>.zero, { $0 += $1 }
        ) { atoms, positions, velocities in
            let (forces, masses, freedom) = (forces.span, masses.span, freedom.span)
            var sum = SIMD4<Double>.zero
            for (row, i) in atoms.enumerated() {
                let mass = masses[i]
                let before = velocities[row] + forces[i] * (kick / mass) * freedom[i]
                positions[row] += before * (0.5 * dt)
                let x = noise.normals(at: Philox.counter(step: step, index: i, stream: RandomStream.langevin))
                let after = before * memory + SIMD3(x.x, x.y, x.z) * (spread / mass).squareRoot() * freedom[i]
                velocities[row] = after
                sum += SIMD4(after, dot(after, after) - dot(before, before)) * mass
            }
            return sum
        }
        return (SIMD3(sum.x, sum.y, sum.z), 0.5 * sum.w / Units.acceleration)
    }

    private func driftOn(_ motion: inout Motion, _ dt: Double, less drift: SIMD3<Double>) {
        motion.parallelism.reduce(&motion.positions, &motion.velocities, by: Motion.length, from: (), { _, _ in }) {
            atoms, positions, velocities in
            for row in 0..<atoms.count {
                velocities[row] -= drift
                positions[row] += velocities[row] * dt
            }
        }
    }
}
