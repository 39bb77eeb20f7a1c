import Atoms
import Dynamics
import Foundation
import Testing

@Suite struct VelocityVerletTests {
    private func argon(timestep: Double, kelvin: Double = 40) throws -> Simulation {
        let run = try Simulation(
            of: Samples.argon(), under: Samples.lennardJones(),
            by: .velocityVerlet(timestep: .femtoseconds(timestep)),
            parallelism: .serial)
        try run.drawVelocities(at: .kelvin(kelvin), seed: 2)
        return run
    }

    /// The total energy oscillates with an amplitude of order Δt²: half the step, a quarter of the error. Terms of
    /// the next even order are below 10 % at these timesteps (ωΔt < 0.3).
    @Test func energyErrorIsOfSecondOrder() throws {
        func scatter(_ timestep: Double) throws -> Double {
            let run = try argon(timestep: timestep)
            try run.advance(steps: Int(2000 / timestep))
            return run.driftFit.scatter!
        }
        let (coarse, fine) = try (scatter(20), scatter(10))
        #expect(abs(coarse / fine - 4) < 0.4, "\(coarse / fine)")
    }

    @Test func energyAndMomentumAreConserved() throws {
        let run = try argon(timestep: 4)
        try run.advance(steps: 2500)
        // Ten picoseconds: the line through the energy is flat within its own scatter, and that is small.
        #expect(abs(run.drift!) < 1e-6, "\(run.drift!) eV/atom/ps")
        #expect(run.driftFit.scatter! < 1e-4 * Double(run.motion.count) * 0.01)
        // Each force is rounded at 10⁻¹⁶; a random walk of 2500 steps.
        #expect(norm(run.motion.momentum) < 1e-12)
    }

    @Test func angularMomentumOfAClusterIsConserved() throws {
        let run = try Simulation(
            of: Samples.cluster, under: Samples.lennardJones(), by: .velocityVerlet(timestep: .femtoseconds(4)),
            removesRotation: true)
        try run.drawVelocities(at: .kelvin(20), seed: 3, isExact: true)
        #expect(run.degreesOfFreedom == 33)
        #expect(abs(run.temperature - 20) < 1e-12)
        #expect(norm(run.motion.angularMomentum) < 1e-14)
        try run.advance(steps: 1000)
        #expect(norm(run.motion.angularMomentum) < 1e-12)
    }

    /// Two atoms on a spring: x(t) = x₀ cos ωt, and Verlet's frequency is (2/Δt) arcsin(ωΔt/2).
    @Test func aHarmonicOscillatorKeepsItsFrequency() throws {
        var pair = Samples.dimers(1)
        pair.positions[1].x = 0.3
        let constant = 5.0
        let omega = (2 * constant * Units.acceleration / 12.011).squareRoot()
        let timestep = 2.0
        let run = try Simulation(
            of: pair, under: Springs(constant: constant), by: .velocityVerlet(timestep: .femtoseconds(timestep)))
        let frequency = 2 / timestep * asin(omega * timestep / 2)
        try run.advance(steps: 1000) { frame in
            let expected = 0.3 * cos(frequency * frame.time)
            #expect(abs(frame.structure.positions[1].x - frame.structure.positions[0].x - expected) < 1e-11)
        }
    }
}
