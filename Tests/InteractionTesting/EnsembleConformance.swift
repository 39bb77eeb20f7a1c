import Atoms
import Compute
import Dynamics
import Foundation
import Interactions
import Neighbors

/// The laws that every ensemble obeys, each measured as one number with its bound.
///
///     @Test(arguments: EnsembleConformance.Law.allCases)
///     func langevin(obeys law: EnsembleConformance.Law) throws {
///         let result = try EnsembleConformance { .langevin(timestep: $0, …) }.measure(law)
///         #expect(result.holds, "\(result)")
///     }
public struct EnsembleConformance {
    public enum Law: String, CaseIterable, Sendable {
        case theErrorIsOfTheOrderDeclared
        case motionRunsBackwardsIfDeclared
        case heatIsWhatTheBathGave
        case aRestartContinuesToTheBit
        case threadsDoNotChangeABit
        case kineticEnergiesAreCanonical
        case conservedMotionIsConserved
        case forcesAreEvaluatedAsOftenAsDeclared
    }

    public struct Measurement: CustomStringConvertible {
        public var law: Law
        public var deviation: Double
        public var bound: Double
        public var holds: Bool { deviation <= bound }
        public var description: String { "\(law.rawValue): \(deviation) where at most \(bound) is allowed" }
    }

    /// An ensemble of this timestep; of a bath, one at `temperature`.
    let ensemble: (Time) -> Ensemble
    /// How well the heat is known, as a share of the kinetic energy, besides rounding.
    let heatError: Double
    /// How well the order of the error shows.
    let orderError: Double
    /// Of baths and of first velocities. Cold argon is nearly harmonic: ωΔt is 0.05 at 5 fs.
    public static let temperature = Temperature.kelvin(40)

    /// - Parameter orderError: more than the usual for ensembles whose runs at two timesteps part soon, by noise or by
    ///   a cell that is never as stiff as in the other; below 1, so that it tells orders from each other.
    public init(heatError: Double = 0, orderError: Double = 0.25, _ ensemble: @escaping (Time) -> Ensemble) {
        self.heatError = heatError
        self.orderError = orderError
        self.ensemble = ensemble
    }

    public func measure(_ law: Law) throws -> Measurement {
        let (deviation, bound) =
            switch law {
            case .theErrorIsOfTheOrderDeclared: try deviationFromOrder()
            case .motionRunsBackwardsIfDeclared: try deviationAfterReversal()
            case .heatIsWhatTheBathGave: try deviationOfHeat()
            case .aRestartContinuesToTheBit: try deviationAfterRestart()
            case .threadsDoNotChangeABit: try deviationByThreads()
            case .kineticEnergiesAreCanonical: try deviationFromCanonicalDistribution()
            case .conservedMotionIsConserved: try deviationOfMotionOfTheWhole()
            case .forcesAreEvaluatedAsOftenAsDeclared: try deviationOfEvaluations()
            }
        return Measurement(law: law, deviation: deviation, bound: bound)
    }
}

// MARK: - What is simulated

extension EnsembleConformance {
    /// Solid argon, face-centred cubic, `4 n³` atoms.
    private static func argon(_ n: Int = 2) -> Structure {
        let a = 5.35
        let unit = Structure(
            elements: Array(repeating: Element(atomicNumber: 18)!, count: 4),
            positions: [.zero, SIMD3(0, a / 2, a / 2), SIMD3(a / 2, 0, a / 2), SIMD3(a / 2, a / 2, 0)],
            cell: Cell(Matrix3(diagonal: SIMD3(repeating: a))))
        return unit.repeated(n, n, n)
    }

    private func run(
        _ timestep: Double, of structure: Structure = argon(), under interaction: (any Interaction)? = nil,
        parallelism: Parallelism = .serial
    ) throws -> Simulation {
        let ensemble = ensemble(.femtoseconds(timestep))
        // A cell of few atoms changes much; a skin for it spares new lists.
        let run = try Simulation(
            of: structure, under: try interaction ?? LennardJones.argon(cutoff: 6.5, parallelism: parallelism),
            by: ensemble, skin: ensemble.movesCell ? 1.5 : 0.5, parallelism: parallelism)
        try run.drawVelocities(at: Self.temperature, seed: 2)
        return run
    }

    /// Atoms that do not feel each other.
    private final class NoForces: Interaction {
        let cutoff = 1.0
        var evaluations = 0
        func check(elements: [Element]) {}
        func evaluate(_ configuration: Configuration, into result: inout InteractionResult) {
            evaluations += 1
            result.reset(count: configuration.elements.count)
        }
    }
}

// MARK: - Mechanics

extension EnsembleConformance {
    /// The conserved energy scatters by Δtⁿ, so that half the timestep leaves 2⁻ⁿ of it. From 8 ps the order is known
    /// to a tenth without noise, and hardly worse with it.
    private func deviationFromOrder() throws -> (Double, Double) {
        func scatter(_ timestep: Double) throws -> Double {
            let run = try run(timestep)
            try run.advance(steps: Int(8000 / timestep))
            return run.driftFit.scatter!
        }
        let order = log2(try scatter(16) / scatter(8))
        return (abs(order - Double(ensemble(.femtoseconds(8)).order)), orderError)
    }

    /// Rounding (10⁻¹⁶ of 10 Å) grows along 0.5 ps of chaos, with a Lyapunov exponent near 1/ps, by less than 10⁴.
    private func deviationAfterReversal() throws -> (Double, Double) {
        guard ensemble(.femtoseconds(5)).isReversible else { return (0, 0) }
        let forth = try run(5)
        let start = forth.motion.positions
        try forth.advance(steps: 100)
        forth.reverse()
        try forth.advance(steps: 100)
        return (zip(start, forth.motion.positions).map { norm($0 - $1) }.max()!, 1e-10)
    }

    /// Without forces the kinetic energy changes by the heat and by nothing else. Each of 200 steps rounds it at 10⁻¹⁶.
    private func deviationOfHeat() throws -> (Double, Double) {
        let run = try run(5, under: NoForces())
        let start = run.motion.kineticEnergy
        try run.advance(steps: 200)
        let change = run.motion.kineticEnergy - start
        let exchanges = ensemble(.femtoseconds(5)).temperature != nil || ensemble(.femtoseconds(5)).movesCell
        guard exchanges == (run.motion.heat != 0) else { return (.infinity, 0) }
        return (abs(change - run.motion.heat), (200 * 1e-15 + heatError) * start)
    }

    private func deviationOfMotionOfTheWhole() throws -> (Double, Double) {
        let run = try run(5)
        try run.advance(steps: 500)
        // A random walk of 500 roundings at 10⁻¹⁶ of 32 momenta.
        return (ensemble(.femtoseconds(5)).conservesMomentum ? norm(run.motion.momentum) : 0, 1e-12)
    }

    private func deviationOfEvaluations() throws -> (Double, Double) {
        let interaction = NoForces()
        let run = try run(5, under: interaction)
        let before = interaction.evaluations
        try run.advance(steps: 10)
        let expected = 10 * ensemble(.femtoseconds(5)).evaluationsPerStep
        return (Double(abs(interaction.evaluations - before - expected)), 0)
    }
}

// MARK: - Bits

extension EnsembleConformance {
    private func deviationAfterRestart() throws -> (Double, Double) {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let (whole, first) = (try run(5), try run(5))
        try whole.advance(steps: 80)
        try first.advance(steps: 33)
        try first.checkpoint().write(to: path)
        let second = try Simulation(
            continuing: Checkpoint(contentsOf: path), under: LennardJones.argon(cutoff: 6.5, parallelism: .serial),
            by: ensemble(.femtoseconds(5)), parallelism: .serial)
        try second.advance(steps: 47)
        return (try second.checkpoint() == whole.checkpoint() ? 0 : 1, 0)
    }

    /// 5324 atoms make several of the ranges that threads share.
    private func deviationByThreads() throws -> (Double, Double) {
        let runs = try [1, 5].map { threads in
            let run = try run(5, of: Self.argon(11), parallelism: Parallelism(threads: threads))
            try run.advance(steps: 10)
            return try run.checkpoint()
        }
        return (runs[0] == runs[1] ? 0 : 1, 0)
    }
}

// MARK: - The ensemble

extension EnsembleConformance {
    /// 2K/kT of f degrees of freedom is distributed as χ² with f degrees. The largest difference D of the distribution
    /// of n independent samples from it, Kolmogorov and Smirnov's, has D √n below 2.5 with a chance of all but 10⁻⁵.
    /// Without a bath nothing is promised. The timestep makes 2K too small by (ωΔt)²/4 < 10⁻³.
    private func deviationFromCanonicalDistribution() throws -> (Double, Double) {
        guard let bath = ensemble(.femtoseconds(4)).temperature else { return (0, 0) }
        let run = try run(4, of: Self.argon(1))
        let f = Double(run.degreesOfFreedom)
        var values: [Double] = []
        try run.advance(steps: 1000)
        // A step with a cell that moves costs several others, of so few atoms.
        try run.advance(steps: 150 * (run.ensemble.movesCell ? 200 : 1000), every: 150) {
            values.append(2 * $0.kineticEnergy! / (Units.boltzmann * bath.kelvin))
        }
        let n = Double(values.count)
        let distance = values.sorted().enumerated().reduce(0) { largest, sample in
            let expected = Self.chiSquared(sample.element, degrees: f)
            let (below, above) = (Double(sample.offset) / n, Double(sample.offset + 1) / n)
            return max(largest, abs(expected - below), abs(above - expected))
        }
        return (distance * n.squareRoot(), 2.5)
    }

    /// The cumulative distribution P(f/2, x/2) by its power series; Abramowitz and Stegun 6.5.29.
    private static func chiSquared(_ x: Double, degrees f: Double) -> Double {
        let (a, z) = (f / 2, x / 2)
        var (term, sum, k) = (1 / a, 1 / a, a)
        while term > 1e-16 * sum {
            k += 1
            term *= z / k
            sum += term
        }
        return min(1, sum * exp(a * log(z) - z - lgamma(a)))
    }
}
