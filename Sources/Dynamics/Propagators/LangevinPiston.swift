import Atoms
import Compute
import Foundation

/// A step of atoms and cell at constant pressure and temperature, with noise and friction on both (`MovingCell` has the
/// equations without them), by the splitting BAOAB: B kicks cell and atoms, A moves them, O is the Ornstein–Uhlenbeck
/// process of all velocities. The cell's friction is 1/τ, its mass `(N_f + 3) kT τ²/3`.
///
/// Feller, Zhang, Pastor and Brooks, J. Chem. Phys. 103, 4613 (1995); in these variables Quigley and Probert, J. Chem.
/// Phys. 120, 11432 (2004). The centre of mass rests, as in `Langevin`.
public struct LangevinPiston: Propagator {
    public struct State: Codable, Sendable, Equatable { var cell = MovingCell() }

    public var state = State()
    public let timestep: Time
    public let temperature: BathTemperature
    public let friction: Rate
    public let pressureTime: Time
    public let seed: UInt64
    private let barostat: Barostat
    private var degrees = 0

    public var evaluations: Int { 1 }

    public init(
        timestep: Time, temperature: BathTemperature, friction: Rate, target: TargetStress, pressureTime: Time,
        freedom: CellFreedom, seed: UInt64
    ) {
        self.timestep = timestep
        self.temperature = temperature
        self.friction = friction
        self.pressureTime = pressureTime
        self.seed = seed
        barostat = Barostat(freedom: freedom, target: target)
    }

    public func validate() throws {
        try barostat.validate(
            timestep: timestep, bath: temperature, pressureTime: pressureTime, cellHasMass: true)
        try SimulationError.validate(friction: friction)
    }

    public mutating func prepare(
        for motion: Motion, degreesOfFreedom: Int, evaluate: (inout Motion) throws -> Void
    ) throws {
        try barostat.prepare(for: motion, &state.cell.reference)
        degrees = degreesOfFreedom
    }

    public mutating func reverse() { state.cell.scale(-1) }

    public mutating func propagate(_ motion: inout Motion, evaluate: (inout Motion) throws -> Void) throws {
        let half = timestep.femtoseconds / 2
        let kT = Units.boltzmann * temperature.ramp.value(at: motion.step)
        let mass = MovingCell.mass(degrees: degrees, kT: kT, time: pressureTime)
        func energy(_ motion: Motion) -> Double {
            0.5 * mass * state.cell.square + barostat.work(motion, state.cell.reference)
        }
        let before = energy(motion)
        state.cell.kickCell(half, motion, barostat, mass: mass, degrees: degrees)
        state.cell.kickAtoms(half, &motion, degrees: degrees)
        try state.cell.drift(half, &motion)
        let given = shakeCell(motion.step, kT: kT, mass: mass)
        motion.heat += given + motion.shake(2 * half, kT: kT, friction: friction, seed: seed)
        try state.cell.drift(half, &motion)
        try evaluate(&motion)
        state.cell.kickAtoms(half, &motion, degrees: degrees)
        state.cell.kickCell(half, motion, barostat, mass: mass, degrees: degrees)
        motion.heat -= energy(motion) - before
    }

    /// Returns the energy that the cell is given, eV.
    private mutating func shakeCell(_ step: Int, kT: Double, mass: Double) -> Double {
        let before = state.cell.square
        let share = timestep.femtoseconds / pressureTime.femtoseconds
        let noise = barostat.freedom.noise(Philox(seed: seed), step: step)
        state.cell.rate = state.cell.rate * exp(-share) + noise * (-expm1(-2 * share) * kT / mass).squareRoot()
        return 0.5 * mass * (state.cell.square - before)
    }
}

extension CellFreedom {
    /// White noise of variance 1 in every allowed direction.
    func noise(_ random: Philox, step: Int) -> Matrix3 {
        let x = random.normals(at: Philox.counter(step: step, index: 0, stream: RandomStream.cell))
        guard count > 3 else { return combination(SIMD3(x.x, x.y, x.z), .zero) }
        let y = random.normals(at: Philox.counter(step: step, index: 1, stream: RandomStream.cell))
        return combination(SIMD3(x.x, x.y, x.z), SIMD3(y.x, y.y, y.z))
    }
}

extension Motion {
    /// v = e^−γΔt v + √(kT/m (1 − e^−2γΔt)) ξ.
    mutating func addNoise(_ dt: Double, kT: Double, friction: Rate, seed: UInt64) {
        let (freedom, masses, step) = (freedom, masses, step)
        let noise = Philox(seed: seed)
        let memory = exp(-friction.perFemtosecond * dt)
        // 1 − e^−2γΔt without cancellation, for small friction.
        let spread = -expm1(-2 * friction.perFemtosecond * dt) * kT * Units.acceleration
        parallelism.update(&velocities, by: Motion.length) { atoms, velocities in
            let (freedom, masses) = (freedom.span, masses.span)
            for (row, i) in atoms.enumerated() {
                let x = noise.normals(at: Philox.counter(step: step, index: i, stream: RandomStream.langevin))
                velocities[row] =
                    velocities[row] * memory + SIMD3(x.x, x.y, x.z) * (spread / masses[i]).squareRoot() * freedom[i]
            }
        }
    }

    /// v = e^−γΔt v + √(kT/m (1 − e^−2γΔt)) ξ, projected so that the centre of mass rests if it is to. Returns the
    /// kinetic energy that is given, eV.
    mutating func shake(
        _ dt: Double, kT: Double, friction: Rate, seed: UInt64, keepsCentreOfMass: Bool = true
    ) -> Double {
        let (freedom, masses, step) = (freedom, masses, step)
        let noise = Philox(seed: seed)
        let memory = exp(-friction.perFemtosecond * dt)
        // 1 − e^−2γΔt without cancellation, for small friction.
        let spread = -expm1(-2 * friction.perFemtosecond * dt) * kT * Units.acceleration
        let before = kineticEnergy
        let sum = parallelism.reduce(
            &positions, &velocities, by: Motion.length, from: SIMD4<Double>.zero, { $0 += $1 }
        ) {
            atoms, _, velocities in
            let (freedom, masses) = (freedom.span, masses.span)
            var sum = SIMD4<Double>.zero
            for (row, i) in atoms.enumerated() {
                let x = noise.normals(at: Philox.counter(step: step, index: i, stream: RandomStream.langevin))
                velocities[row] =
                    velocities[row] * memory + SIMD3(x.x, x.y, x.z) * (spread / masses[i]).squareRoot() * freedom[i]
                sum += SIMD4(velocities[row], 1) * masses[i]
            }
            return sum
        }
        if keepsCentreOfMass, sum.w > 0 {
            let drift = SIMD3(sum.x, sum.y, sum.z) * (1 / sum.w)
            parallelism.update(&velocities, by: Motion.length) { atoms, velocities in
                for row in 0..<atoms.count { velocities[row] -= drift }
            }
        }
        return kineticEnergy - before
    }
}
