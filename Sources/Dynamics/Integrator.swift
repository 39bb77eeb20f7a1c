import Atoms
import Compute

/// How atoms move from one moment to the next.
///
/// Contract (`IntegratorConformance`, run over every implementation): a step calls `evaluate` as often as it declares,
/// each time after the positions have new values; it changes `heat` by exactly the energy that it exchanges with baths;
/// what it draws at random is a function of its seed and `motion.step` alone; it allocates nothing.
public protocol Integrator: Sendable {
    var timestep: Time { get }

    /// Whether the total momentum keeps its value, and with it three degrees of freedom are at rest.
    var conservesMomentum: Bool { get }

    /// Whether the angular momentum of an open system keeps its value.
    var conservesAngularMomentum: Bool { get }

    /// The power of the timestep that the error of the conserved energy follows.
    var order: Int { get }

    /// Whether the motion runs backwards when all velocities are turned.
    var isReversible: Bool { get }

    /// How often a step asks for forces.
    var evaluationsPerStep: Int { get }

    /// The temperature of the bath, if there is one.
    var temperature: Temperature? { get }

    /// - Throws: `SimulationError` when a parameter makes no sense.
    func validate() throws

    /// Advances positions and velocities by one timestep; `motion.result` belongs to the positions before and after.
    func step(_ motion: inout Motion, evaluate: (inout Motion) throws -> Void) throws
}

extension Integrator {
    public var evaluationsPerStep: Int { 1 }

    func validateTimestep() throws {
        guard timestep.femtoseconds.isFinite, timestep.femtoseconds > 0 else {
            throw SimulationError(
                .invalidSetting, "The timestep must be longer than 0 fs; got \(timestep.femtoseconds) fs.")
        }
    }
}
