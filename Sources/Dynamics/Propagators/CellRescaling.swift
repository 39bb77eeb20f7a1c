import Atoms
import Compute
import Foundation

/// Velocity Verlet with a cell that is rescaled at random, without inertia, so that its volume (or shape) follows the
/// distribution of constant pressure in a time τ:
///
///     δ = (β/3τV) Π[Σ m v ⊗ v + W − P V] Δt + √(2kT β Δt/3τV) Σ_k ξ_k E_k,   x → x e^δ,   h → h e^δ,   v → v e^−δ
///
/// with the compressibility β and the projection Π on strains that are allowed, whose orthonormal basis are the E_k.
/// Isotropic it is eq. 7 of Bernetti and Bussi, J. Chem. Phys. 153, 114107 (2020); all components: Del Tatto, Raiteri,
/// Bernetti and Bussi, Appl. Sci. 12, 1139 (2022). The rescaling stands in the middle of the step, where the kinetic
/// energy obeys the virial theorem of the discrete motion. Its own error is of order Δt/τ of the fluctuations.
///
/// The work done on the atoms is taken as heat: of velocities as it is, of positions −½ (W + W′) : δ, with the virial
/// before and after the step.
public struct CellRescaling: Propagator {
    public struct State: Codable, Sendable, Equatable {
        /// Å³/eV
        var compressibility: Double?
        var reference: Barostat.Reference?
    }

    public var state = State()
    public let timestep: Time
    public let temperature: BathTemperature
    public let pressureTime: Time
    public let seed: UInt64
    private let given: Double?
    private let barostat: Barostat

    public var evaluations: Int { 1 }

    /// - Parameter compressibility: Å³/eV; unless given it is measured at the start.
    public init(
        timestep: Time, temperature: BathTemperature, target: TargetStress, pressureTime: Time, freedom: CellFreedom,
        compressibility: Double? = nil, seed: UInt64
    ) {
        self.timestep = timestep
        self.temperature = temperature
        self.pressureTime = pressureTime
        given = compressibility
        self.seed = seed
        barostat = Barostat(freedom: freedom, target: target)
    }

    public func validate() throws {
        try barostat.validate(
            timestep: timestep, bath: temperature, pressureTime: pressureTime, cellHasMass: false)
        if let given, !(given > 0 && given.isFinite) {
            throw SimulationError(
                .invalidSetting, "The compressibility must be above 0; got \(given / Units.gigapascal)/GPa.")
        }
    }

    public mutating func prepare(
        for motion: Motion, degreesOfFreedom: Int, evaluate: (inout Motion) throws -> Void
    ) throws {
        try barostat.prepare(for: motion, &state.reference)
        if let given {
            state.compressibility = given
        } else if state.compressibility == nil {
            state.compressibility = try Self.compressibility(of: motion, evaluate)
        }
    }

    /// Of water, GROMACS' customary value of 4.5e-5/bar: where a structure has none that can be measured, such as a
    /// gas.
    private static let usual = 0.45 * Units.gigapascal

    /// −(dV/dP)/V of all atoms moving with the cell, from ± 0.5 % of the volume, Å³/eV. It sets how fast the cell
    /// follows, nothing else.
    private static func compressibility(of motion: Motion, _ evaluate: (inout Motion) throws -> Void) throws -> Double
    {
        guard let cell = motion.cell else { return usual }
        func pressure(_ share: Double) throws -> Double {
            let scale = cbrt(1 + share)
            var moved = motion
            moved.cell?.vectors = cell.vectors * scale
            for i in 0..<moved.count { moved.positions[i] *= scale }
            try evaluate(&moved)
            return moved.result.virial.trace / (3 * cell.volume * (1 + share))
        }
        let modulus = (try pressure(-0.005) - pressure(0.005)) / 0.01
        // Between 1 and 10⁴ GPa there is every solid and liquid.
        guard modulus * Units.gigapascal > 1, modulus * Units.gigapascal < 1e4 else { return usual }
        return 1 / modulus
    }

    public mutating func propagate(_ motion: inout Motion, evaluate: (inout Motion) throws -> Void) throws {
        let dt = timestep.femtoseconds
        motion.kick(dt / 2)
        let strain = try strain(motion)
        let function = SymmetricFunction(strain)
        let virial = motion.result.virial
        let before = motion.kineticEnergy
        motion.stretch(function.exponential(1), function.exponential(-1), dt)
        motion.heat += motion.kineticEnergy - before
        try evaluate(&motion)
        motion.heat -= 0.5 * ((virial + motion.result.virial) * strain).trace
        motion.kick(dt / 2)
    }

    private func strain(_ motion: Motion) throws -> Matrix3 {
        guard let cell = motion.cell, let compressibility = state.compressibility else { return .zero }
        let kT = Units.boltzmann * temperature.ramp.value(at: motion.step)
        let mobility = compressibility * timestep.femtoseconds / (3 * pressureTime.femtoseconds * cell.volume)
        let force = motion.kineticTensor + barostat.force(motion, state.reference)
        let noise = barostat.freedom.noise(Philox(seed: seed), step: motion.step)
        let strain = barostat.freedom.project(force) * mobility + noise * (2 * kT * mobility).squareRoot()
        try Barostat.check(strain: strain, step: motion.step)
        return strain
    }
}

extension Motion {
    /// Half a drift, the stretch (and its inverse, of velocities), and half a drift.
    fileprivate mutating func stretch(_ stretch: Matrix3, _ inverse: Matrix3, _ dt: Double) {
        parallelism.reduce(&positions, &velocities, by: Motion.length, from: (), { _, _ in }) {
            atoms, positions, velocities in
            for row in 0..<atoms.count {
                let middle = (positions[row] + velocities[row] * (dt / 2)) * stretch
                velocities[row] = velocities[row] * inverse
                positions[row] = middle + velocities[row] * (dt / 2)
            }
        }
        if let vectors = cell?.vectors { cell?.vectors = vectors * stretch }
    }
}
