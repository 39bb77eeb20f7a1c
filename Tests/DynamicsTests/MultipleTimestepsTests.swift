import Atoms
import Compute
import Dynamics
import Foundation
import Interactions
import Settings
import Testing

/// Forces of two timesteps.
@Suite struct MultipleTimestepsTests {
    /// Argon whose wells are deeper than those of the cheap interaction.
    private static func interaction() throws -> TwoTimescales {
        let argon = Element("Ar")!
        let dear = try LennardJones.argon(cutoff: 6.5, parallelism: .serial)
        let own = dear.parameters[argon]!
        let cheap = try LennardJones(
            [argon: .init(epsilon: 0.85 * own.epsilon, sigma: own.sigma)], cutoff: 6, parallelism: .serial)
        return TwoTimescales(dear: dear, cheap: cheap)
    }

    private static func kind(_ text: String) throws -> any EnsembleKind {
        try Ensembles.read(EnsembleSettings(Settings(text: text, named: "test")))
    }

    private static func run(
        _ text: String, short: Double, count: Int, plain: Bool = false, under given: (any Interaction)? = nil
    ) throws -> Simulation {
        let kind = try kind(text)
        let dt = Time.femtoseconds(short)
        let ensemble =
            try plain
            ? kind.ensemble(timestep: dt, seed: 4)
            : Ensemble.multipleTimesteps(kind, timestep: dt, count: count, seed: 4)
        let run = try Simulation(
            of: Samples.argon(), under: try given ?? interaction(), by: ensemble, parallelism: .serial)
        try run.drawVelocities(at: .kelvin(40), seed: 2)
        return run
    }

    @Test func oneShortStepIsVelocityVerletOfTheDearForces() throws {
        let both = try Self.run("name: nve", short: 5, count: 1)
        let plain = try Self.run("name: nve", short: 5, count: 1, plain: true)
        try both.advance(steps: 40)
        try plain.advance(steps: 40)
        for (a, b) in zip(both.motion.positions, plain.motion.positions) { #expect(norm(a - b) < 1e-9) }
    }

    /// Second order in the long timestep, and far better than Verlet with it.
    @Test func energyIsConservedToSecondOrder() throws {
        func scatter(_ short: Double, _ count: Int, plain: Bool = false) throws -> Double {
            let run = try Self.run("name: nve", short: short, count: count, plain: plain)
            var energies: [Double] = []
            try run.advance(steps: Int(2000 / short), every: plain ? 1 : count) {
                energies.append($0.conservedEnergy!)
            }
            let mean = energies.reduce(0, +) / Double(energies.count)
            return (energies.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(energies.count)).squareRoot()
        }
        let (long, half) = (try scatter(5, 4), try scatter(2.5, 4))
        #expect((3.2...4.8).contains(long / half), "\(long / half)")
        // With one evaluation of the dear forces in 20 fs.
        #expect(try scatter(20, 1, plain: true) > 3 * long)
    }

    @Test func motionRunsBackwards() throws {
        let run = try Self.run("name: nve", short: 5, count: 3)
        let start = run.motion.positions
        try run.advance(steps: 60)
        run.reverse()
        try run.advance(steps: 60)
        for (a, b) in zip(start, run.motion.positions) { #expect(norm(a - b) < 1e-9) }
    }

    @Test(arguments: [
        "{name: langevin, temperature: 40 K, friction: 2 / ps}", "{name: csvr, temperature: 40 K, time: 200 fs}",
        "{name: nose-hoover, temperature: 40 K, time: 200 fs}",
    ])
    func thermostatsKeepTheirTemperatureAndARestartItsBits(_ text: String) throws {
        let run = try Self.run(text, short: 5, count: 4)
        var temperatures: [Double] = []
        try run.advance(steps: 4000, every: 4) { temperatures.append($0.temperature!) }
        #expect(run.motion.step == 4000 && abs(run.motion.time - 20_000) < 1e-6)
        let late = temperatures.suffix(800)
        #expect(abs(late.reduce(0, +) / 800 - 40) < 3)
        // Energy less heat stays.
        #expect(abs(run.drift!) < 2e-5)
        let checkpoint = try run.checkpoint()
        try run.advance(steps: 40)
        let next = try Simulation(
            continuing: checkpoint, under: try Self.interaction(),
            by: try .multipleTimesteps(try Self.kind(text), timestep: .femtoseconds(5), count: 4, seed: 4),
            parallelism: .serial)
        try next.advance(steps: 40)
        #expect(next.frame == run.frame)
    }

    @Test func cellsThatMoveAndSingleInteractionsAreRefused() throws {
        let text = "{name: nph, pressure: 0 GPa, pressure_time: 1 ps}"
        #expect(throws: SimulationError.self) {
            try Ensemble.multipleTimesteps(try Self.kind(text), timestep: .femtoseconds(1), count: 4, seed: 1)
        }
        #expect(throws: SimulationError.self) {
            try Self.run("name: nve", short: 5, count: 4, under: try Samples.lennardJones())
        }
    }
}
