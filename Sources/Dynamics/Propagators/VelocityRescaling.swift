import Atoms
import Compute
import Foundation

/// Rescales all velocities so that the kinetic energy follows its canonical distribution, in a time τ:
///
///     K′/K = c + (K̄/fK)(1 − c)(ξ₁² + Σ_{i=2}^f ξ_i²) + 2 ξ₁ √(c (1 − c) K̄/fK),   c = e^{−Δt/τ},   K̄ = f kT/2
///
/// After velocity Verlet it samples the canonical ensemble. The noise is one kick for all atoms, so that their motion
/// is hardly disturbed; momentum is conserved. The energy given to the atoms is the heat. Bussi, Donadio and
/// Parrinello, J. Chem. Phys. 126, 014101 (2007), eqs. A7 and A8.
public struct VelocityRescaling: Propagator {
    public let timestep: Time
    public let temperature: BathTemperature
    /// τ
    public let time: Time
    public let seed: UInt64
    private var degrees = 0

    public var evaluations: Int { 0 }

    public init(timestep: Time, temperature: BathTemperature, time: Time, seed: UInt64) {
        self.timestep = timestep
        self.temperature = temperature
        self.time = time
        self.seed = seed
    }

    public func validate() throws {
        try SimulationError.validate(timestep: timestep)
        try SimulationError.validate(bath: temperature)
        guard time.femtoseconds.isFinite, time.femtoseconds >= 0 else {
            throw SimulationError(
                .invalidSetting,
                "The time of velocity rescaling must be at least 0 fs; got \(time.femtoseconds) fs.")
        }
    }

    public mutating func prepare(
        for motion: Motion, degreesOfFreedom: Int, evaluate: (inout Motion) throws -> Void
    ) { degrees = degreesOfFreedom }

    public mutating func propagate(_ motion: inout Motion, evaluate: (inout Motion) throws -> Void) {
        let kinetic = motion.kineticEnergy
        // Atoms at rest have no direction to be pushed in; forces will move them.
        guard degrees > 0, kinetic > 0 else { return }
        let noise = Philox(seed: seed)
        let x = noise.normals(at: Philox.counter(step: motion.step, index: 0, stream: RandomStream.rescaling)).x
        let others = noise.chiSquared(degrees: degrees - 1, step: motion.step, stream: RandomStream.rescaling)
        let c = exp(-timestep.femtoseconds / time.femtoseconds)
        // K̄/f over K.
        let ratio = 0.5 * Units.boltzmann * temperature.ramp.value(at: motion.step) / kinetic
        let square =
            c + (1 - c) * ratio * (x * x + others) + 2 * x * (c * (1 - c) * ratio).squareRoot()
        let sign: Double = x + (c / max((1 - c) * ratio, .leastNormalMagnitude)).squareRoot() < 0 ? -1 : 1
        motion.scaleVelocities(by: sign * max(0, square).squareRoot())
        motion.heat += motion.kineticEnergy - kinetic
    }
}

extension Philox {
    /// A number distributed as the sum of squares of so many standard normal numbers. `index` 1 and up of the stream
    /// are used, one each for a trial.
    ///
    /// Twice a gamma variate of half the degrees, by rejection; Marsaglia and Tsang, ACM Trans. Math. Softw. 26, 363
    /// (2000). Of one degree: the square itself.
    func chiSquared(degrees: Int, step: Int, stream: UInt32) -> Double {
        guard degrees > 1 else {
            guard degrees == 1 else { return 0 }
            let x = normals(at: Philox.counter(step: step, index: 1, stream: stream)).x
            return x * x
        }
        let d = Double(degrees) / 2 - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        var trial = 1
        while true {
            let x = normals(at: Philox.counter(step: step, index: 2 * trial, stream: stream)).x
            let u = uniforms(at: Philox.counter(step: step, index: 2 * trial + 1, stream: stream)).x
            let root = 1 + c * x
            let v = root * root * root
            if v > 0, log(u) < 0.5 * x * x + d - d * v + d * log(v) { return 2 * d * v }
            trial += 1
        }
    }
}
