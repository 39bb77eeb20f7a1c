import Atoms
import Compute
import Dynamics
import Foundation
import Interactions
import Neighbors

/// The laws that every integrator obeys, each measured as one number with its bound.
///
///     @Test(arguments: IntegratorConformance.Law.allCases)
///     func langevin(obeys law: IntegratorConformance.Law) throws {
///         let result = try IntegratorConformance { Langevin(timestep: $0, …) }.measure(law)
///         #expect(result.holds, "\(result)")
///     }
public struct IntegratorConformance {
    public enum Law: String, CaseIterable, Sendable {
        case theErrorIsOfTheOrderDeclared
        case motionRunsBackwardsIfDeclared
        case heatIsWhatTheBathGave
        case aRestartContinuesToTheBit
        case threadsDoNotChangeABit
        case kineticEnergiesHaveTheirMoments
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

    /// An integrator of this timestep; of a bath, one at `temperature`.
    let integrator: (Time) -> any Integrator
    /// Of baths and of first velocities. Cold argon is nearly harmonic: ωΔt is 0.05 at 5 fs.
    public static let temperature = Temperature.kelvin(40)

    public init(_ integrator: @escaping (Time) -> any Integrator) { self.integrator = integrator }

    public func measure(_ law: Law) throws -> Measurement {
        let (deviation, bound) =
            switch law {
            case .theErrorIsOfTheOrderDeclared: try deviationFromOrder()
            case .motionRunsBackwardsIfDeclared: try deviationAfterReversal()
            case .heatIsWhatTheBathGave: try deviationOfHeat()
            case .aRestartContinuesToTheBit: try deviationAfterRestart()
            case .threadsDoNotChangeABit: try deviationByThreads()
            case .kineticEnergiesHaveTheirMoments: try deviationOfMoments()
            case .conservedMotionIsConserved: try deviationOfMotionOfTheWhole()
            case .forcesAreEvaluatedAsOftenAsDeclared: try deviationOfEvaluations()
            }
        return Measurement(law: law, deviation: deviation, bound: bound)
    }
}

// MARK: - What is simulated

extension IntegratorConformance {
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
        let run = try Simulation(
            of: structure, under: try interaction ?? LennardJones.argon(cutoff: 6.5, parallelism: parallelism),
            by: integrator(.femtoseconds(timestep)), parallelism: parallelism)
        try run.drawVelocities(at: Self.temperature, seed: 2)
        return run
    }

    /// Atoms that do not feel each other.
    private final class NoForces: Interaction {
        let cutoff = 1.0
        var evaluations = 0
        func check(elements: [Element]) {}
        func evaluate(elements: [Element], edges: EdgeList, into result: inout InteractionResult) {
            evaluations += 1
            result.reset(count: elements.count)
        }
    }
}

// MARK: - Mechanics

extension IntegratorConformance {
    /// The conserved energy scatters by Δtⁿ, so that half the timestep leaves 2⁻ⁿ of it. Its logarithm is known to half an
    /// order from 8 ps, whatever noise there is.
    private func deviationFromOrder() throws -> (Double, Double) {
        func scatter(_ timestep: Double) throws -> Double {
            let run = try run(timestep)
            try run.advance(steps: Int(8000 / timestep))
            return run.driftFit.scatter!
        }
        let order = log2(try scatter(16) / scatter(8))
        return (abs(order - Double(integrator(.femtoseconds(8)).order)), 0.5)
    }

    /// Rounding (10⁻¹⁶ of 10 Å) grows along 0.5 ps of chaos, with a Lyapunov exponent near 1/ps, by less than 10⁴.
    private func deviationAfterReversal() throws -> (Double, Double) {
        guard integrator(.femtoseconds(5)).isReversible else { return (0, 0) }
        let forth = try run(5)
        let start = forth.motion.positions
        try forth.advance(steps: 100)
        var turned = forth.frame.structure
        turned.velocities = turned.velocities!.map { -$0 }
        let back = try Simulation(
            of: turned, under: LennardJones.argon(cutoff: 6.5, parallelism: .serial),
            by: integrator(.femtoseconds(5)), parallelism: .serial)
        try back.advance(steps: 100)
        return (zip(start, back.motion.positions).map { norm($0 - $1) }.max()!, 1e-10)
    }

    /// Without forces the kinetic energy changes by the heat and by nothing else. Each of 200 steps rounds it at 10⁻¹⁶.
    private func deviationOfHeat() throws -> (Double, Double) {
        let run = try run(5, under: NoForces())
        let start = run.motion.kineticEnergy
        try run.advance(steps: 200)
        let change = run.motion.kineticEnergy - start
        let exchanges = integrator(.femtoseconds(5)).temperature != nil
        guard exchanges == (run.motion.heat != 0) else { return (.infinity, 0) }
        return (abs(change - run.motion.heat), 200 * 1e-15 * start)
    }

    private func deviationOfMotionOfTheWhole() throws -> (Double, Double) {
        let run = try run(5)
        try run.advance(steps: 500)
        // A random walk of 500 roundings at 10⁻¹⁶ of 32 momenta.
        return (integrator(.femtoseconds(5)).conservesMomentum ? norm(run.motion.momentum) : 0, 1e-12)
    }

    private func deviationOfEvaluations() throws -> (Double, Double) {
        let interaction = NoForces()
        let run = try run(5, under: interaction)
        let before = interaction.evaluations
        try run.advance(steps: 10)
        let expected = 10 * integrator(.femtoseconds(5)).evaluationsPerStep
        return (Double(abs(interaction.evaluations - before - expected)), 0)
    }
}

// MARK: - Bits

extension IntegratorConformance {
    private func deviationAfterRestart() throws -> (Double, Double) {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let (whole, first) = (try run(5), try run(5))
        try whole.advance(steps: 80)
        try first.advance(steps: 33)
        try first.checkpoint.write(to: path)
        let second = try Simulation(
            continuing: Checkpoint(contentsOf: path), under: LennardJones.argon(cutoff: 6.5, parallelism: .serial),
            by: integrator(.femtoseconds(5)), parallelism: .serial)
        try second.advance(steps: 47)
        return (second.checkpoint == whole.checkpoint ? 0 : 1, 0)
    }

    /// 5324 atoms make several of the ranges that threads share.
    private func deviationByThreads() throws -> (Double, Double) {
        let runs = try [1, 5].map { threads in
            let run = try run(5, of: Self.argon(11), parallelism: Parallelism(threads: threads))
            try run.advance(steps: 10)
            return run.checkpoint
        }
        return (runs[0] == runs[1] ? 0 : 1, 0)
    }
}

// MARK: - The ensemble

extension IntegratorConformance {
    /// 2K/kT of f degrees of freedom has the mean f and the variance 2f in the canonical ensemble. n independent samples
    /// know the first to √(2f/n), the second to √(2/n + 12/(f n)) of itself; the timestep makes both too small by
    /// (ωΔt)²/4 < 10⁻³. In units of 5 σ, the larger of the two; without a bath nothing is promised.
    private func deviationOfMoments() throws -> (Double, Double) {
        guard let bath = integrator(.femtoseconds(4)).temperature else { return (0, 0) }
        let run = try run(4, of: Self.argon(1))
        let f = Double(run.degreesOfFreedom)
        var values: [Double] = []
        try run.advance(steps: 1000)
        try run.advance(steps: 100 * 1000, every: 100) {
            values.append(2 * $0.kineticEnergy! / (Units.boltzmann * bath.kelvin))
        }
        let n = Double(values.count)
        let mean = values.reduce(0, +) / n
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)
        let ofMean = max(0, abs(mean / f - 1) - 1e-3) / (2 / (f * n)).squareRoot()
        let ofVariance = max(0, abs(variance / (2 * f) - 1) - 2e-3) / (2 / n + 12 / (f * n)).squareRoot()
        return (max(ofMean, ofVariance), 5)
    }
}
