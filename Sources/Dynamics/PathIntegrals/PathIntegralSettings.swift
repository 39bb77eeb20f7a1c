/// How the beads of a path integral move.
public struct PathIntegralSettings: Sendable {
    /// P
    public var beads: Int
    public var timestep: Time
    /// Of the quantum system.
    public var temperature: Temperature
    /// Of the centroids (PILE-L); `nil` for none on any mode: ring-polymer molecular dynamics.
    public var friction: Rate?
    /// λ: the friction of mode k is 2 λ ω_k; with 1 a free ring forgets fastest.
    public var damping = 1.0
    public var seed: UInt64
    /// Whether the centre of mass of the centroids rests.
    public var keepsCentreOfMass = true

    public init(
        beads: Int, timestep: Time, temperature: Temperature, friction: Rate?, seed: UInt64
    ) {
        self.beads = beads
        self.timestep = timestep
        self.temperature = temperature
        self.friction = friction
        self.seed = seed
    }

    /// As an ensemble has it: `langevin` or `nve`.
    ///
    /// - Throws: `SimulationError` for others.
    public init(_ kind: any EnsembleKind, beads: Int, damping: Double, timestep: Time, seed: UInt64) throws {
        func bad(_ message: String) -> SimulationError { SimulationError(.invalidSetting, message) }
        switch kind {
        case let langevin as LangevinDynamics:
            guard langevin.bath.ramp.isConstant else {
                throw bad(
                    "A path integral needs a temperature that stays, because the springs of its beads depend on it.")
            }
            self.init(
                beads: beads, timestep: timestep, temperature: langevin.bath.first, friction: langevin.friction,
                seed: seed)
            keepsCentreOfMass = langevin.keepsCentreOfMass
        case is ConstantEnergy:
            guard let temperature = kind.temperature else {
                throw bad("A path integral needs ensemble.temperature, on which the springs of its beads depend.")
            }
            self.init(beads: beads, timestep: timestep, temperature: temperature, friction: nil, seed: seed)
        default:
            throw bad(
                "A path integral has the ensembles langevin (PILE-L) and nve (ring-polymer molecular dynamics); got \(type(of: kind).name)."
            )
        }
        self.damping = damping
    }

    func validate() throws {
        try SimulationError.validate(timestep: timestep)
        if let friction { try SimulationError.validate(friction: friction) }
        guard temperature.kelvin > 0, temperature.kelvin.isFinite else {
            throw SimulationError(
                .invalidSetting, "A path integral needs a temperature above 0 K; got \(temperature.kelvin) K.")
        }
        guard (1...4096).contains(beads) else {
            throw SimulationError(.invalidSetting, "A path integral has 1…4096 beads; got \(beads).")
        }
        guard damping >= 0, damping.isFinite else {
            throw SimulationError(.invalidSetting, "The damping of a ring must be at least 0; got \(damping).")
        }
    }
}
