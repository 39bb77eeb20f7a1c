import Atoms
import Compute
import Foundation

/// A chain of thermostats, each of which keeps the one before at the temperature, over half a timestep:
///
///     η̇_k = v_k,   v̇_1 = (2K − f kT)/Q_1 − v_1 v_2,   v̇_k = (Q_{k−1} v²_{k−1} − kT)/Q_k − v_k v_{k+1},   v̇ = −v_1 v
///     Q_1 = f kT τ²,   Q_k = kT τ²
///
/// Before and after velocity Verlet it samples the canonical ensemble, without noise, and conserves
/// `E + Σ ½ Q_k v_k² + f kT η_1 + kT Σ_{k>1} η_k`. The chain is cut into seven parts of Suzuki and Yoshida's scheme of
/// sixth order.
///
/// Martyna, Klein and Tuckerman, J. Chem. Phys. 97, 2635 (1992); Martyna, Tuckerman, Tobias and Klein, Mol. Phys. 87,
/// 1117 (1996); Yoshida, Phys. Lett. A 150, 262 (1990), solution A.
public struct NoseHooverChain: Propagator {
    public struct State: Codable, Sendable, Equatable {
        var chain: ThermostatChain

        // As in checkpoints of before: positions and velocities themselves.
        public init(from decoder: any Decoder) throws { chain = try ThermostatChain(from: decoder) }
        public func encode(to encoder: any Encoder) throws { try chain.encode(to: encoder) }
        init(_ chain: ThermostatChain) { self.chain = chain }
    }

    public var state: State
    public let timestep: Time
    public let temperature: BathTemperature
    /// τ: about the period of the slowest oscillation that the first thermostat should follow.
    public let time: Time
    private let length: Int
    private var degrees = 0

    public var evaluations: Int { 0 }

    public init(timestep: Time, temperature: BathTemperature, time: Time, length: Int = 3) {
        self.timestep = timestep
        self.temperature = temperature
        self.time = time
        self.length = length
        state = State(.rest(length))
    }

    public func validate() throws {
        try SimulationError.validate(timestep: timestep)
        try SimulationError.validate(bath: temperature, isPositive: true, of: "A Nosé–Hoover chain")
        guard time.femtoseconds.isFinite, time > timestep else {
            throw SimulationError(
                .invalidSetting,
                "The time of a Nosé–Hoover chain must be longer than the timestep, some twenty of them or more; got "
                    + "\(time.femtoseconds) fs.")
        }
        guard length >= 1 else {
            throw SimulationError(.invalidSetting, "A Nosé–Hoover chain has at least one thermostat; got \(length).")
        }
    }

    public mutating func prepare(
        for motion: Motion, degreesOfFreedom: Int, evaluate: (inout Motion) throws -> Void
    ) {
        degrees = degreesOfFreedom
        // A chain of another length begins at rest.
        if state.chain.length != length || state.chain.velocities.count != length { state = State(.rest(length)) }
    }

    public mutating func reverse() { state.chain.reverse() }

    public mutating func propagate(_ motion: inout Motion, evaluate: (inout Motion) throws -> Void) {
        guard degrees > 0 else { return }
        let bath = ThermostatChain.Bath(
            degrees: Double(degrees), kT: Units.boltzmann * temperature.ramp.value(at: motion.step),
            time: time.femtoseconds)
        let before = state.chain.energy(bath)
        let scale = state.chain.advance(timestep.femtoseconds / 2, twiceKinetic: 2 * motion.kineticEnergy, bath)
        motion.scaleVelocities(by: scale)
        motion.heat -= state.chain.energy(bath) - before
    }
}

extension Motion {
    mutating func scaleVelocities(by scale: Double) {
        parallelism.update(&velocities, by: Motion.length) { atoms, velocities in
            for row in 0..<atoms.count { velocities[row] *= scale }
        }
    }
}
