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
        /// η_k, without unit.
        var positions: [Double]
        /// 1/fs
        var velocities: [Double]
    }

    public var state: State
    public let timestep: Time
    public let temperature: Temperature
    /// τ: about the period of the slowest oscillation that the first thermostat should follow.
    public let time: Time
    private let length: Int
    private var degrees = 0
    /// eV·fs²
    private var masses: [Double] = []

    public var evaluations: Int { 0 }

    public init(timestep: Time, temperature: Temperature, time: Time, length: Int = 3) {
        self.timestep = timestep
        self.temperature = temperature
        self.time = time
        self.length = length
        state = Self.rest(length)
    }

    private static func rest(_ length: Int) -> State {
        State(
            positions: Array(repeating: 0, count: max(0, length)),
            velocities: Array(repeating: 0, count: max(0, length)))
    }

    public func validate() throws {
        try SimulationError.validate(timestep: timestep)
        try SimulationError.validate(bath: temperature)
        guard temperature.kelvin > 0 else {
            throw SimulationError(.invalidSetting, "A Nosé–Hoover chain needs a temperature above 0 K; got 0 K.")
        }
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

    public mutating func prepare(for motion: Motion, degreesOfFreedom: Int) {
        degrees = degreesOfFreedom
        let unit = kT * time.femtoseconds * time.femtoseconds
        masses = (0..<length).map { $0 == 0 ? Double(degrees) * unit : unit }
        // A chain of another length begins at rest.
        if state.positions.count != length || state.velocities.count != length { state = Self.rest(length) }
    }

    public mutating func reverse() {
        for k in 0..<length { state.velocities[k] *= -1 }
    }

    public mutating func propagate(_ motion: inout Motion, evaluate: (inout Motion) throws -> Void) {
        guard degrees > 0 else { return }
        let before = energy
        var twiceKinetic = 2 * motion.kineticEnergy
        var scale = 1.0
        for part in Self.parts.span.indices {
            scale *= advance(Self.parts[part] * timestep.femtoseconds / 2, &twiceKinetic)
        }
        motion.parallelism.update(&motion.velocities, by: Motion.length) { atoms, velocities in
            for row in 0..<atoms.count { velocities[row] *= scale }
        }
        motion.heat -= energy - before
    }

    /// Advances the chain by δ and returns the factor of the atoms' velocities, by which `twiceKinetic` has changed.
    private mutating func advance(_ δ: Double, _ twiceKinetic: inout Double) -> Double {
        let last = length - 1
        kick(last, δ, twiceKinetic)
        for k in stride(from: last - 1, through: 0, by: -1) { kick(k, δ, twiceKinetic) }
        let scale = exp(-state.velocities[0] * δ)
        twiceKinetic *= scale * scale
        for k in 0..<length { state.positions[k] += state.velocities[k] * δ }
        for k in 0...last { kick(k, δ, twiceKinetic) }
        return scale
    }

    /// Half of a part: the friction of the next thermostat before and after the force on this one.
    private mutating func kick(_ k: Int, _ δ: Double, _ twiceKinetic: Double) {
        let friction = k + 1 < length ? exp(-state.velocities[k + 1] * δ / 4) : 1
        let force =
            k == 0
            ? twiceKinetic - Double(degrees) * kT
            : masses[k - 1] * state.velocities[k - 1] * state.velocities[k - 1] - kT
        state.velocities[k] = (state.velocities[k] * friction + force / masses[k] * δ / 2) * friction
    }

    /// eV; that of the thermostats, which with the energy of the atoms is conserved.
    private var energy: Double {
        var sum = 0.0
        for k in 0..<length {
            sum += 0.5 * masses[k] * state.velocities[k] * state.velocities[k]
            sum += (k == 0 ? Double(degrees) : 1) * kT * state.positions[k]
        }
        return sum
    }

    private var kT: Double { Units.boltzmann * temperature.kelvin }

    private static let parts: InlineArray<7, Double> = {
        let (a, b, c) = (0.784513610477560, 0.235573213359357, -1.17767998417887)
        return [a, b, c, 1 - 2 * (a + b + c), c, b, a]
    }()
}
