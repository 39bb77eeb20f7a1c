import Atoms
import Compute
import Foundation

/// Parallel tempering: now and then configurations of neighbouring temperatures change places with the probability
///
///     min(1, e^{(β_i − β_j)(U_i − U_j)}),
///
/// so that each temperature keeps its canonical distribution, and what is cold meets what only heat can reach. Momenta
/// are scaled by √(T_new/T_old). Even and odd pairs of neighbours take turns. Sugita and Okamoto, Chem. Phys. Lett.
/// 314, 141 (1999).
///
/// Random numbers are a function of the seed, the step and the pair. Thermostats stay with their temperature: their
/// variables are independent of the configuration. The change of the energy is taken as heat.
public struct ReplicaExchange: Sendable {
    public struct State: Codable, Sendable, Equatable {
        /// `[temperature]` — which of the configurations at the start has come here, from 0.
        public internal(set) var walkers: [Int]
        /// `[pair]` — of this temperature and the next.
        public internal(set) var attempts: [Int]
        public internal(set) var accepted: [Int]
    }

    /// What happened at one moment.
    public struct Event: Sendable, Equatable {
        public var step: Int
        /// fs
        public var time: Double
        /// `[temperature]`, after it.
        public var walkers: [Int]
        /// Lower temperatures of the pairs that were tried, from 0, with the probability to change places and whether
        /// they did.
        public var pairs: [(lower: Int, probability: Double, isAccepted: Bool)]

        public static func == (a: Self, b: Self) -> Bool {
            a.step == b.step && a.walkers == b.walkers
                && a.pairs.elementsEqual(b.pairs) {
                    $0.lower == $1.lower && $0.probability == $1.probability && $0.isAccepted == $1.isAccepted
                }
        }
    }

    public let temperatures: [Temperature]
    /// Steps.
    public let every: Int
    public let seed: UInt64
    public internal(set) var state: State

    public init(temperatures: [Temperature], every: Int, seed: UInt64) {
        precondition(every >= 1 && temperatures.count >= 2, "expected two temperatures and an interval ≥ 1")
        self.temperatures = temperatures
        self.every = every
        self.seed = seed
        let none = [Int](repeating: 0, count: temperatures.count - 1)
        state = State(walkers: Array(temperatures.indices), attempts: none, accepted: none)
    }

    /// `[pair]` — the share of attempts that were accepted.
    public var acceptance: [Double?] {
        zip(state.accepted, state.attempts).map { $1 > 0 ? Double($0) / Double($1) : nil }
    }

    func validate(_ simulations: [Simulation]) throws {
        precondition(
            simulations.count == temperatures.count,
            "expected \(temperatures.count) replicas, got \(simulations.count)")
        let first = simulations[0].motion
        for (simulation, temperature) in zip(simulations, temperatures) {
            let (ensemble, motion) = (simulation.ensemble, simulation.motion)
            guard !ensemble.movesCell, let bath = ensemble.temperature, bath == temperature, temperature.kelvin > 0
            else {
                throw SimulationError(
                    .invalidSetting,
                    "Tempering needs ensembles at constant temperature and volume, above 0 K: langevin, csvr or nose-hoover."
                )
            }
            guard motion.elements == first.elements, motion.cell == first.cell, motion.masses == first.masses,
                motion.freedom == first.freedom
            else {
                throw SimulationError(
                    .invalidSetting, "Tempering needs the same atoms in the same cell at all temperatures.")
            }
        }
    }

    /// Changes places where it is time to.
    mutating func exchange(_ simulations: [Simulation], step: Int) -> Event? {
        guard step.isMultiple(of: every) else { return nil }
        var event = Event(step: step, time: simulations[0].motion.time, walkers: [], pairs: [])
        let noise = Philox(seed: seed)
        for lower in stride(from: (step / every).isMultiple(of: 2) ? 1 : 0, to: temperatures.count - 1, by: 2) {
            let (a, b) = (simulations[lower], simulations[lower + 1])
            let beta = [lower, lower + 1].map { 1 / (Units.boltzmann * temperatures[$0].kelvin) }
            let exponent = (beta[0] - beta[1]) * (a.motion.potentialEnergy - b.motion.potentialEnergy)
            let probability = exp(min(0, exponent))
            let u = noise.uniforms(at: Philox.counter(step: step, index: lower, stream: RandomStream.exchange)).x
            let isAccepted = u < probability
            state.attempts[lower] += 1
            if isAccepted {
                state.accepted[lower] += 1
                state.walkers.swapAt(lower, lower + 1)
                a.exchangeConfiguration(with: b, ratio: temperatures[lower + 1].kelvin / temperatures[lower].kelvin)
            }
            event.pairs.append((lower, probability, isAccepted))
        }
        event.walkers = state.walkers
        return event
    }
}

extension Simulation {
    /// Positions and velocities change places.
    ///
    /// - Parameter ratio: of the other temperature and this one.
    fileprivate func exchangeConfiguration(with other: Simulation, ratio: Double) {
        let energies = (totalEnergy, other.totalEnergy)
        let scale = ratio.squareRoot()
        (motion.positions, other.motion.positions) = (other.motion.positions, motion.positions)
        (motion.velocities, other.motion.velocities) = (
            other.motion.velocities.map { $0 / scale }, motion.velocities.map { $0 * scale }
        )
        (motion.result, other.motion.result) = (other.motion.result, motion.result)
        (kineticEnergy, other.kineticEnergy) = (motion.kineticEnergy, other.motion.kineticEnergy)
        motion.heat += totalEnergy - energies.0
        other.motion.heat += other.totalEnergy - energies.1
    }
}
