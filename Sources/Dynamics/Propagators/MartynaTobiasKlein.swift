import Atoms
import Foundation

/// A step of atoms and cell at constant pressure (`MovingCell` has the equations): second order, time-reversible, by
/// the splitting cell's thermostats, cell, atoms, positions, atoms, cell, cell's thermostats.
///
/// With thermostats on the atoms before and after it (`NoseHooverChain`) and a chain on the cell it samples constant
/// pressure and temperature; without, constant pressure and enthalpy. The cell's mass is `(N_f + 3) kT τ²/3`.
/// Tuckerman, Alejandre, López-Rendón, Jochim and Martyna, J. Phys. A 39, 5629 (2006).
public struct MartynaTobiasKlein: Propagator {
    public struct State: Codable, Sendable, Equatable {
        var cell = MovingCell()
        /// Empty without thermostats.
        var chain: ThermostatChain
    }

    public var state: State
    public let timestep: Time
    /// Of the cell's thermostats, and of its mass.
    public let temperature: BathTemperature
    /// τ of the cell.
    public let pressureTime: Time
    private let barostat: Barostat
    private let length: Int
    private var degrees = 0

    public var evaluations: Int { 1 }

    /// - Parameter length: how many thermostats the cell has; 0 at constant enthalpy.
    public init(
        timestep: Time, temperature: BathTemperature, target: TargetStress, pressureTime: Time, freedom: CellFreedom,
        length: Int = 3
    ) {
        self.timestep = timestep
        self.temperature = temperature
        self.pressureTime = pressureTime
        barostat = Barostat(freedom: freedom, target: target)
        self.length = length
        state = State(chain: .rest(length))
    }

    public func validate() throws {
        try barostat.validate(
            timestep: timestep, bath: temperature, pressureTime: pressureTime, cellHasMass: true)
    }

    public mutating func prepare(
        for motion: Motion, degreesOfFreedom: Int, evaluate: (inout Motion) throws -> Void
    ) throws {
        try barostat.prepare(for: motion, &state.cell.reference)
        degrees = degreesOfFreedom
        if state.chain.length != length || state.chain.velocities.count != length { state.chain = .rest(length) }
    }

    public mutating func reverse() {
        state.cell.scale(-1)
        state.chain.reverse()
    }

    public mutating func propagate(_ motion: inout Motion, evaluate: (inout Motion) throws -> Void) throws {
        let half = timestep.femtoseconds / 2
        let kT = Units.boltzmann * temperature.ramp.value(at: motion.step)
        let mass = MovingCell.mass(degrees: degrees, kT: kT, time: pressureTime)
        let bath = ThermostatChain.Bath(
            degrees: Double(barostat.freedom.count), kT: kT, time: pressureTime.femtoseconds)
        let before = energy(motion, mass, bath)
        thermostat(half, mass, bath)
        state.cell.kickCell(half, motion, barostat, mass: mass, degrees: degrees)
        state.cell.kickAtoms(half, &motion, degrees: degrees)
        try state.cell.drift(2 * half, &motion)
        try evaluate(&motion)
        state.cell.kickAtoms(half, &motion, degrees: degrees)
        state.cell.kickCell(half, motion, barostat, mass: mass, degrees: degrees)
        thermostat(half, mass, bath)
        motion.heat -= energy(motion, mass, bath) - before
    }

    private mutating func thermostat(_ time: Double, _ mass: Double, _ bath: ThermostatChain.Bath) {
        guard length > 0 else { return }
        state.cell.scale(state.chain.advance(time, twiceKinetic: mass * state.cell.square, bath))
    }

    /// eV; of cell, its thermostats, and the work against the pressure.
    private func energy(_ motion: Motion, _ mass: Double, _ bath: ThermostatChain.Bath) -> Double {
        0.5 * mass * state.cell.square + barostat.work(motion, state.cell.reference) + state.chain.energy(bath)
    }
}
