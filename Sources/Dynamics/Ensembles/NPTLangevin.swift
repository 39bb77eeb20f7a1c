import Settings

extension Ensemble {
    /// Constant pressure and temperature by Langevin's equation for atoms and cell.
    public static func nptLangevin(
        timestep: Time, temperature: BathTemperature, friction: Rate, target: TargetStress, pressureTime: Time,
        freedom: CellFreedom = CellFreedom(.isotropic), seed: UInt64
    ) -> Ensemble {
        let piston = LangevinPiston(
            timestep: timestep, temperature: temperature, friction: friction, target: target,
            pressureTime: pressureTime, freedom: freedom, seed: seed)
        return Ensemble(
            timestep: timestep, pieces: [piston], temperature: temperature.first, movesCell: true,
            isReversible: false, isDeterministic: false)
    }
}

/// `{name: npt-langevin, temperature: 300 K, pressure: 0 GPa, friction: 1 / ps, pressure_time: 1 ps}`: constant
/// pressure and temperature with noise and friction on atoms and cell.
public struct NPTLangevin: EnsembleKind {
    public static let name = "npt-langevin"
    private let bath: BathTemperature
    private let target: TargetStress
    private let freedom: CellFreedom
    private let friction: Rate
    private let pressureTime: Time

    public var temperature: Temperature? { bath.first }
    public var description: String {
        "Langevin piston at \(bath.short) and \(target.short), \(freedom.description) cell, friction "
            + "\((friction.perFemtosecond * 1e3).short)/ps, pressure time \(pressureTime.femtoseconds.short) fs"
    }

    public init(_ settings: EnsembleSettings) throws {
        bath = try settings.temperature(in: .positive)
        target = try settings.stress()
        freedom = try settings.cell()
        let settings = settings.section
        friction = .perFemtosecond(try settings.quantity("friction", .rate, in: .nonNegative))
        pressureTime = .femtoseconds(try settings.quantity("pressure_time", .time, in: .positive))
    }

    public func ensemble(timestep: Time, seed: UInt64) -> Ensemble {
        .nptLangevin(
            timestep: timestep, temperature: bath, friction: friction, target: target, pressureTime: pressureTime,
            freedom: freedom, seed: seed)
    }
}
