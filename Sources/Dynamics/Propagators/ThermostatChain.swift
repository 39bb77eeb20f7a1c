import Foundation

/// The variables of a chain of Nosé–Hoover thermostats, whatever the kinetic energy that the first of them follows
/// (`NoseHooverChain` has the equations).
struct ThermostatChain: Codable, Sendable, Equatable {
    /// η_k, without unit.
    var positions: [Double]
    /// 1/fs
    var velocities: [Double]

    static func rest(_ length: Int) -> ThermostatChain {
        ThermostatChain(
            positions: Array(repeating: 0, count: max(0, length)),
            velocities: Array(repeating: 0, count: max(0, length)))
    }

    var length: Int { positions.count }

    mutating func reverse() {
        for k in velocities.indices { velocities[k] *= -1 }
    }

    /// What a chain keeps, and how.
    struct Bath {
        var degrees: Double
        /// eV
        var kT: Double
        /// τ, fs
        var time: Double

        /// eV·fs²
        func mass(_ k: Int) -> Double { (k == 0 ? degrees : 1) * kT * time * time }
    }

    /// Advances the chain by a time (fs) and returns the factor of the velocities that it keeps.
    mutating func advance(_ time: Double, twiceKinetic: Double, _ bath: Bath) -> Double {
        var (twiceKinetic, scale) = (twiceKinetic, 1.0)
        for part in Self.parts.span.indices { scale *= advancePart(Self.parts[part] * time, &twiceKinetic, bath) }
        return scale
    }

    private mutating func advancePart(_ δ: Double, _ twiceKinetic: inout Double, _ bath: Bath) -> Double {
        let last = length - 1
        for k in stride(from: last, through: 0, by: -1) { kick(k, δ, twiceKinetic, bath) }
        let scale = exp(-velocities[0] * δ)
        twiceKinetic *= scale * scale
        for k in 0..<length { positions[k] += velocities[k] * δ }
        for k in 0...last { kick(k, δ, twiceKinetic, bath) }
        return scale
    }

    /// Half of a part: the friction of the next thermostat before and after the force on this one.
    private mutating func kick(_ k: Int, _ δ: Double, _ twiceKinetic: Double, _ bath: Bath) {
        let friction = k + 1 < length ? exp(-velocities[k + 1] * δ / 4) : 1
        let force =
            k == 0
            ? twiceKinetic - bath.degrees * bath.kT
            : bath.mass(k - 1) * velocities[k - 1] * velocities[k - 1] - bath.kT
        velocities[k] = (velocities[k] * friction + force / bath.mass(k) * δ / 2) * friction
    }

    /// eV; with the energy of what is kept it is conserved.
    func energy(_ bath: Bath) -> Double {
        var sum = 0.0
        for k in 0..<length {
            sum += 0.5 * bath.mass(k) * velocities[k] * velocities[k]
            sum += (k == 0 ? bath.degrees : 1) * bath.kT * positions[k]
        }
        return sum
    }

    private static let parts: InlineArray<7, Double> = {
        let (a, b, c) = (0.784513610477560, 0.235573213359357, -1.17767998417887)
        return [a, b, c, 1 - 2 * (a + b + c), c, b, a]
    }()
}
