import Settings

extension Ensemble {
    /// Constant energy, by velocity Verlet.
    public static func velocityVerlet(timestep: Time) -> Ensemble {
        Ensemble(timestep: timestep, pieces: [VelocityVerlet(timestep: timestep)])
    }
}

/// `{name: nve}`: constant energy. Keys of `langevin` may stand there, so that one word changes the ensemble.
public struct ConstantEnergy: EnsembleKind {
    public static let name = "nve"
    public let temperature: Temperature?
    public let unusedKeys: [String]
    public var description: String { "constant energy (nve)" }

    public init(_ settings: EnsembleSettings) throws {
        try settings.refuseRamps(["temperature", "pressure"], of: Self.name)
        let settings = settings.section
        temperature = try settings.optional("temperature").map {
            .kelvin(try $0.quantity(.temperature, in: .nonNegative))
        }
        let friction = try settings.optional("friction")?.quantity(.rate, in: .nonNegative)
        let keepsCentre = try settings.optional("fix_centre_of_mass")?.boolean()
        unusedKeys = (friction == nil ? [] : ["friction"]) + (keepsCentre == nil ? [] : ["fix_centre_of_mass"])
    }

    public func ensemble(timestep: Time, seed: UInt64) -> Ensemble { .velocityVerlet(timestep: timestep) }
}
