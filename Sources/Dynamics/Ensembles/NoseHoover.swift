import Settings

extension Ensemble {
    /// Constant temperature without noise, by a Nosé–Hoover chain around velocity Verlet.
    public static func noseHoover(
        timestep: Time, temperature: BathTemperature, time: Time, length: Int = 3
    ) -> Ensemble {
        let chain = NoseHooverChain(timestep: timestep, temperature: temperature, time: time, length: length)
        return Ensemble(
            timestep: timestep, pieces: [chain, VelocityVerlet(timestep: timestep)], sequence: [0, 1, 0],
            temperature: temperature.first)
    }
}

/// `{name: nose-hoover, temperature: 300 K, time: 100 fs, chain: 3}`: constant temperature without noise.
public struct NoseHoover: EnsembleKind {
    public static let name = "nose-hoover"
    private let bath: BathTemperature
    private let time: Time
    private let length: Int

    public var temperature: Temperature? { bath.first }
    public var description: String {
        "Nosé–Hoover at \(bath.short), time \(time.femtoseconds.short) fs, chain of \(length)"
    }

    public init(_ settings: EnsembleSettings) throws {
        bath = try settings.temperature(in: .positive)
        try settings.refuseRamps(["pressure"], of: Self.name)
        let settings = settings.section
        time = .femtoseconds(try settings.quantity("time", .time, in: .positive))
        length = try settings.integer("chain", in: 1...100, default: 3)
    }

    public func ensemble(timestep: Time, seed: UInt64) -> Ensemble {
        .noseHoover(timestep: timestep, temperature: bath, time: time, length: length)
    }
}
