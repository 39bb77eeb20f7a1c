import Atoms
import Settings

extension Ensemble {
    /// Constant pressure and temperature by stochastic rescaling, of the cell and of velocities.
    public static func nptCellRescaling(
        timestep: Time, temperature: BathTemperature, time: Time, target: TargetStress, pressureTime: Time,
        freedom: CellFreedom = CellFreedom(.isotropic), compressibility: Double? = nil, seed: UInt64
    ) -> Ensemble {
        let cell = CellRescaling(
            timestep: timestep, temperature: temperature, target: target, pressureTime: pressureTime,
            freedom: freedom, compressibility: compressibility, seed: seed)
        let rescaling = VelocityRescaling(timestep: timestep, temperature: temperature, time: time, seed: seed)
        return Ensemble(
            timestep: timestep, pieces: [cell, rescaling], temperature: temperature.first, movesCell: true,
            isReversible: false, isDeterministic: false)
    }
}

/// `{name: npt-c-rescale, temperature: 300 K, pressure: 1 bar, time: 100 fs, pressure_time: 1 ps, cell: isotropic}`:
/// constant pressure and temperature by stochastic rescaling; the thermostat is that of `csvr`.
public struct NPTCellRescaling: EnsembleKind {
    public static let name = "npt-c-rescale"
    private let bath: BathTemperature
    private let target: TargetStress
    private let freedom: CellFreedom
    private let time: Time
    private let pressureTime: Time
    /// Å³/eV
    private let compressibility: Double?

    public var temperature: Temperature? { bath.first }
    public var description: String {
        let given = compressibility.map { ", compressibility \(($0 / Units.gigapascal).short)/GPa" } ?? ""
        return "stochastic cell rescaling at \(bath.short) and \(target.short), \(freedom.description) cell, times "
            + "\(time.femtoseconds.short) and \(pressureTime.femtoseconds.short) fs" + given
    }

    public init(_ settings: EnsembleSettings) throws {
        bath = try settings.temperature()
        target = try settings.stress()
        freedom = try settings.cell()
        let settings = settings.section
        time = .femtoseconds(try settings.quantity("time", .time, in: .positive))
        pressureTime = .femtoseconds(try settings.quantity("pressure_time", .time, in: .positive))
        compressibility = try settings.optional("compressibility").map {
            try $0.quantity(.compressibility, in: .positive) * Units.gigapascal
        }
    }

    public func ensemble(timestep: Time, seed: UInt64) -> Ensemble {
        .nptCellRescaling(
            timestep: timestep, temperature: bath, time: time, target: target, pressureTime: pressureTime,
            freedom: freedom, compressibility: compressibility, seed: seed)
    }
}
