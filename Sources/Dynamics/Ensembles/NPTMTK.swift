import Settings

extension Ensemble {
    /// Constant pressure and temperature without noise: a cell with inertia, Nosé–Hoover chains on atoms and cell.
    public static func nptMTK(
        timestep: Time, temperature: BathTemperature, time: Time, target: TargetStress, pressureTime: Time,
        freedom: CellFreedom = CellFreedom(.isotropic), length: Int = 3
    ) -> Ensemble {
        let chain = NoseHooverChain(timestep: timestep, temperature: temperature, time: time, length: length)
        let cell = MartynaTobiasKlein(
            timestep: timestep, temperature: temperature, target: target, pressureTime: pressureTime,
            freedom: freedom, length: length)
        return Ensemble(
            timestep: timestep, pieces: [chain, cell], sequence: [0, 1, 0], temperature: temperature.first,
            movesCell: true)
    }
}

/// `{name: npt-mtk, temperature: 300 K, pressure: 0 GPa, time: 100 fs, pressure_time: 1 ps, cell: triclinic}`: constant
/// pressure and temperature without noise.
public struct NPTMTK: EnsembleKind {
    public static let name = "npt-mtk"
    private let bath: BathTemperature
    private let target: TargetStress
    private let freedom: CellFreedom
    private let time: Time
    private let pressureTime: Time
    private let length: Int

    public var temperature: Temperature? { bath.first }
    public var description: String {
        "Martyna–Tobias–Klein at \(bath.short) and \(target.short), \(freedom.description) cell, times "
            + "\(time.femtoseconds.short) and \(pressureTime.femtoseconds.short) fs, chains of \(length)"
    }

    public init(_ settings: EnsembleSettings) throws {
        bath = try settings.temperature(in: .positive)
        target = try settings.stress()
        freedom = try settings.cell()
        let settings = settings.section
        time = .femtoseconds(try settings.quantity("time", .time, in: .positive))
        pressureTime = .femtoseconds(try settings.quantity("pressure_time", .time, in: .positive))
        length = try settings.integer("chain", in: 1...100, default: 3)
    }

    public func ensemble(timestep: Time, seed: UInt64) -> Ensemble {
        .nptMTK(
            timestep: timestep, temperature: bath, time: time, target: target, pressureTime: pressureTime,
            freedom: freedom, length: length)
    }
}
