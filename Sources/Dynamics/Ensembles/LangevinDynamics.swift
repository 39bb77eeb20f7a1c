import Settings

extension Ensemble {
    /// Constant temperature, by Langevin's equation.
    public static func langevin(
        timestep: Time, temperature: BathTemperature, friction: Rate, seed: UInt64, keepsCentreOfMass: Bool = true
    ) -> Ensemble {
        let langevin = Langevin(
            timestep: timestep, temperature: temperature, friction: friction, seed: seed,
            keepsCentreOfMass: keepsCentreOfMass)
        return Ensemble(
            timestep: timestep, pieces: [langevin], temperature: temperature.first,
            conservesMomentum: keepsCentreOfMass,
            conservesAngularMomentum: false, isReversible: false, isDeterministic: false)
    }
}

/// `{name: langevin, temperature: 300 K, friction: 1 / ps}`: constant temperature with noise and friction.
public struct LangevinDynamics: EnsembleKind {
    public static let name = "langevin"
    let bath: BathTemperature
    let friction: Rate
    let keepsCentreOfMass: Bool

    public var temperature: Temperature? { bath.first }
    public var description: String {
        "Langevin at \(bath.short), friction \((friction.perFemtosecond * 1e3).short)/ps"
    }

    public init(_ settings: EnsembleSettings) throws {
        bath = try settings.temperature()
        try settings.refuseRamps(["pressure"], of: Self.name)
        let settings = settings.section
        friction = .perFemtosecond(try settings.quantity("friction", .rate, in: .nonNegative))
        keepsCentreOfMass = try settings.boolean("fix_centre_of_mass", default: true)
    }

    public func ensemble(timestep: Time, seed: UInt64) -> Ensemble {
        .langevin(
            timestep: timestep, temperature: bath, friction: friction, seed: seed,
            keepsCentreOfMass: keepsCentreOfMass)
    }
}
