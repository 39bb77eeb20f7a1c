import Settings

extension Ensemble {
    /// Constant pressure and enthalpy: a cell with inertia, no thermostats.
    ///
    /// - Parameter temperature: about that of the atoms; it sets the mass of the cell.
    public static func nph(
        timestep: Time, temperature: BathTemperature = .kelvin(300), target: TargetStress, pressureTime: Time,
        freedom: CellFreedom = CellFreedom(.isotropic)
    ) -> Ensemble {
        let cell = MartynaTobiasKlein(
            timestep: timestep, temperature: temperature, target: target, pressureTime: pressureTime,
            freedom: freedom, length: 0)
        return Ensemble(timestep: timestep, pieces: [cell], movesCell: true)
    }
}

/// `{name: nph, pressure: 0 GPa, pressure_time: 1 ps, cell: isotropic}`: constant pressure and enthalpy. A
/// `temperature` is that of the first velocities, and sets the mass of the cell (300 K unless given).
public struct NPH: EnsembleKind {
    public static let name = "nph"
    public let temperature: Temperature?
    private let target: TargetStress
    private let freedom: CellFreedom
    private let pressureTime: Time

    public var description: String {
        "constant enthalpy at \(target.short), \(freedom.description) cell, pressure time "
            + "\(pressureTime.femtoseconds.short) fs"
    }

    public init(_ settings: EnsembleSettings) throws {
        try settings.refuseRamps(["temperature"], of: Self.name)
        target = try settings.stress()
        freedom = try settings.cell()
        let settings = settings.section
        temperature = try settings.optional("temperature").map {
            .kelvin(try $0.quantity(.temperature, in: .nonNegative))
        }
        pressureTime = .femtoseconds(try settings.quantity("pressure_time", .time, in: .positive))
    }

    public func ensemble(timestep: Time, seed: UInt64) -> Ensemble {
        let kelvin = temperature?.kelvin ?? 0
        return .nph(
            timestep: timestep, temperature: .kelvin(kelvin > 0 ? kelvin : 300), target: target,
            pressureTime: pressureTime, freedom: freedom)
    }
}
