import Foundation

/// A piece of a step of dynamics, which owns what it must remember.
///
/// Contract (`EnsembleConformance`, run over every ensemble): it asks for forces as often as it declares, each time
/// after positions have new values; it changes `motion.heat` by the energy that it takes from a bath; what it draws at
/// random is a function of its seed and `motion.step` alone; with its state restored it goes on to the bit; it
/// allocates nothing.
public protocol Propagator: Sendable {
    /// What goes from one step to the next beside positions and velocities, and into checkpoints.
    associatedtype State: Codable & Sendable = NoState
    var state: State { get set }

    /// How often it asks for forces.
    var evaluations: Int { get }

    /// - Throws: `SimulationError` when a parameter makes no sense.
    func validate() throws

    /// Called once before the first step and after a restart, with the state in place. `evaluate` gives energy, forces
    /// and virial of a motion that it may try out.
    ///
    /// - Throws: `SimulationError` when it cannot move such a structure.
    mutating func prepare(
        for motion: Motion, degreesOfFreedom: Int, evaluate: (inout Motion) throws -> Void
    ) throws

    /// Turns velocities of its own round.
    mutating func reverse()

    /// `motion.result` belongs to the positions before and after.
    mutating func propagate(_ motion: inout Motion, evaluate: (inout Motion) throws -> Void) throws
}

/// Of propagators that remember nothing.
public struct NoState: Codable, Sendable {}

extension Propagator where State == NoState {
    public var state: NoState {
        get { NoState() }
        set {}
    }
}

extension Propagator {
    public func prepare(
        for motion: Motion, degreesOfFreedom: Int, evaluate: (inout Motion) throws -> Void
    ) {}
    public func reverse() {}

    /// The state as JSON, in which numbers keep every bit.
    func encodedState() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(state), as: UTF8.self)
    }

    mutating func restore(_ encoded: String) throws {
        state = try JSONDecoder().decode(State.self, from: Data(encoded.utf8))
    }
}

extension SimulationError {
    static func validate(timestep: Time) throws {
        guard timestep.femtoseconds.isFinite, timestep.femtoseconds > 0 else {
            throw SimulationError(
                .invalidSetting, "The timestep must be longer than 0 fs; got \(timestep.femtoseconds) fs.")
        }
    }

    /// - Parameter isPositive: whether what it is of cannot do with 0 K.
    static func validate(
        bath temperature: BathTemperature, isPositive: Bool = false, of name: String = "A bath"
    ) throws {
        for kelvin in [temperature.ramp.start, temperature.ramp.end] {
            guard kelvin.isFinite, kelvin >= 0 else {
                throw SimulationError(
                    .invalidSetting, "The temperature of the bath must be at least 0 K; got \(kelvin) K.")
            }
            guard kelvin > 0 || !isPositive else {
                throw SimulationError(.invalidSetting, "\(name) needs a temperature above 0 K; got 0 K.")
            }
        }
    }

    /// Propagators that move atoms by themselves keep axes fixed, and nothing else.
    static func validate(free motion: Motion, in what: String) throws {
        guard motion.constraints.isEmpty else {
            throw SimulationError(
                .invalidSetting,
                "Lines, planes, bonds and rigid groups are not kept by \(what); expected atoms that are free or fixed "
                    + "along axes.")
        }
    }

    static func validate(friction: Rate) throws {
        guard friction.perFemtosecond.isFinite, friction.perFemtosecond >= 0 else {
            throw SimulationError(
                .invalidSetting, "The friction must be at least 0; got \(friction.perFemtosecond * 1e3)/ps.")
        }
    }

    static func validate(pressureTime: Time, _ timestep: Time) throws {
        guard pressureTime.femtoseconds.isFinite, pressureTime > timestep else {
            throw SimulationError(
                .invalidSetting,
                "The pressure_time must be longer than the timestep, some hundred of them or more; got "
                    + "\(pressureTime.femtoseconds) fs.")
        }
    }
}
