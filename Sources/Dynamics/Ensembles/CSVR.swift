import Settings

extension Ensemble {
    /// Constant temperature, by stochastic velocity rescaling after velocity Verlet.
    public static func csvr(timestep: Time, temperature: BathTemperature, time: Time, seed: UInt64) -> Ensemble {
        let rescaling = VelocityRescaling(timestep: timestep, temperature: temperature, time: time, seed: seed)
        return Ensemble(
            timestep: timestep, pieces: [VelocityVerlet(timestep: timestep), rescaling],
            temperature: temperature.first, isReversible: false, isDeterministic: false)
    }
}

/// `{name: csvr, temperature: 300 K, time: 100 fs}`: constant temperature by stochastic velocity rescaling.
public struct CSVR: EnsembleKind {
    public static let name = "csvr"
    private let bath: BathTemperature
    private let time: Time

    public var temperature: Temperature? { bath.first }
    public var description: String {
        "stochastic velocity rescaling at \(bath.short), time \(time.femtoseconds.short) fs"
    }

    public init(_ settings: EnsembleSettings) throws {
        bath = try settings.temperature()
        try settings.refuseRamps(["pressure"], of: Self.name)
        time = .femtoseconds(try settings.section.quantity("time", .time, in: .positive))
    }

    public func ensemble(timestep: Time, seed: UInt64) -> Ensemble {
        .csvr(timestep: timestep, temperature: bath, time: time, seed: seed)
    }
}
