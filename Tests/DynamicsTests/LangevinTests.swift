import Atoms
import Compute
import Dynamics
import Foundation
import Testing

@Suite struct LangevinTests {
    /// 5 σ: with some twenty statistical bounds in this file, a chance of 10⁻⁵ of being wrong.
    static let sigmas = 5.0

    /// In a harmonic potential BAOAB samples positions without any error of the timestep, here a long one (ωΔt = 1, for
    /// which OBABO is wrong by a third). x of n independent oscillators: ⟨x²⟩ = kT/k ± √(2/n).
    @Test func positionsInAHarmonicWellHaveTheirExactVariance() throws {
        let (constant, kelvin) = (2.0, 300.0)
        let omega = (2 * constant * Units.acceleration / 12.011).squareRoot()
        let run = try Simulation(
            of: Samples.dimers(100), under: Springs(constant: constant),
            by: .langevin(
                timestep: .femtoseconds(1 / omega), temperature: .kelvin(kelvin), friction: .perFemtosecond(omega),
                seed: 11), parallelism: .serial)
        var (squares, fourths, samples) = (0.0, 0.0, 0)
        try run.advance(steps: 50)
        // Fifteen steps apart: the memory e^(−γt/2) of such an oscillator is below 10⁻³, of a square below 10⁻⁶.
        try run.advance(steps: 3000, every: 15) { frame in
            let x = frame.structure.positions
            for pair in 0..<100 {
                for axis in 0..<3 {
                    let distance = x[2 * pair + 1][axis] - x[2 * pair][axis]
                    squares += distance * distance
                    fourths += distance * distance * distance * distance
                    samples += 1
                }
            }
        }
        let variance = Units.boltzmann * kelvin / constant
        let n = Double(samples)
        #expect(abs(squares / n / variance - 1) < Self.sigmas * (2 / n).squareRoot(), "\(squares / n / variance)")
        // ⟨x⁴⟩ = 3 ⟨x²⟩², scattering by √(96/9n).
        #expect(abs(fourths / n / (3 * variance * variance) - 1) < Self.sigmas * (96 / 9 / n).squareRoot())
    }

    /// 2K/kT of f degrees of freedom is distributed as χ² with mean f and variance 2f. S independent samples know the
    /// mean to √(2f/S) and the variance to √(2/S + 12/(f S)) of itself.
    @Test(arguments: [true, false]) func kineticEnergyHasTheCanonicalDistribution(keepsCentreOfMass: Bool) throws {
        let run = try Simulation(
            of: Samples.argon(1), under: Samples.lennardJones(),
            by: .langevin(
                timestep: .femtoseconds(4), temperature: .kelvin(60), friction: .perFemtosecond(0.02), seed: 5,
                keepsCentreOfMass: keepsCentreOfMass), parallelism: .serial)
        try run.drawVelocities(at: .kelvin(60), seed: 1)
        let degrees = keepsCentreOfMass ? 9 : 12
        #expect(run.degreesOfFreedom == degrees)
        var values: [Double] = []
        try run.advance(steps: 100)
        // 200 fs apart, four times the memory 1/γ of a velocity: e⁻⁸ for a square.
        try run.advance(steps: 50 * 1500, every: 50) { values.append(2 * $0.kineticEnergy! / (Units.boltzmann * 60)) }
        let (samples, f) = (Double(values.count), Double(degrees))
        let mean = values.reduce(0, +) / samples
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (samples - 1)
        // The timestep itself makes 2K/kT too small by (ωΔt)²/4 < 10⁻³.
        #expect(abs(mean - f) < Self.sigmas * (2 * f / samples).squareRoot() + 1e-3 * f, "\(mean)")
        let bound = Self.sigmas * (2 / samples + 12 / (f * samples)).squareRoot()
        #expect(abs(variance / (2 * f) - 1) < bound + 2e-3, "\(variance / (2 * f))")
    }

    /// Equal shares for light and heavy atoms, with the centre of mass at rest: ½ m ⟨v²⟩ is 3/2 kT (1 − m/M).
    @Test func everyMassHasItsShareOfTheKineticEnergy() throws {
        let run = try Simulation(
            of: Samples.dimers(1, "H", "C"), under: Springs(constant: 0.5),
            by: .langevin(
                timestep: .femtoseconds(1), temperature: .kelvin(200), friction: .perFemtosecond(0.05), seed: 8),
            parallelism: .serial)
        var (light, heavy, samples) = (0.0, 0.0, 0.0)
        try run.advance(steps: 100)
        try run.advance(steps: 60_000, every: 30) { frame in
            let v = frame.structure.velocities!
            light += 1.008 * dot(v[0], v[0])
            heavy += 12.011 * dot(v[1], v[1])
            samples += 1
        }
        let unit = 3 * Units.boltzmann * 200 * Units.acceleration * samples
        let bound = Self.sigmas * (2 / (3 * samples)).squareRoot() + 2e-3
        #expect(abs(light / unit / (12.011 / 13.019) - 1) < bound, "\(light / unit)")
        #expect(abs(heavy / unit / (1.008 / 13.019) - 1) < bound, "\(heavy / unit)")
        #expect(norm(run.motion.momentum) < 1e-13)
    }

    /// Energy less heat has the error of the mechanical steps alone, however strong the noise.
    @Test(arguments: [true, false]) func energyLessHeatIsConserved(keepsCentreOfMass: Bool) throws {
        func run(_ timestep: Double) throws -> Simulation {
            let run = try Simulation(
                of: Samples.argon(), under: Samples.lennardJones(),
                by: .langevin(
                    timestep: .femtoseconds(timestep), temperature: .kelvin(40), friction: .perPicosecond(5), seed: 4,
                    keepsCentreOfMass: keepsCentreOfMass), parallelism: .serial)
            try run.drawVelocities(at: .kelvin(40), seed: 2)
            try run.advance(steps: Int(8000 / timestep))
            return run
        }
        let run4 = try run(4)
        #expect(abs(run4.drift!) < 2e-6, "\(run4.drift!) eV/atom/ps")
        // Heat went to and fro by far more than that.
        #expect(abs(run4.motion.heat) > 100 * run4.driftFit.scatter!)
        let ratio = try run(16).driftFit.scatter! / run(8).driftFit.scatter!
        #expect(ratio > 2.5 && ratio < 8, "second order: \(ratio)")
    }

    @Test func withoutFrictionItIsVelocityVerlet() throws {
        let start = Samples.argon()
        let verlet = try Simulation(
            of: start, under: Samples.lennardJones(), by: .velocityVerlet(timestep: .femtoseconds(2)))
        let langevin = try Simulation(
            of: start, under: Samples.lennardJones(),
            by: .langevin(
                timestep: .femtoseconds(2), temperature: .kelvin(300), friction: .perPicosecond(0), seed: 1))
        for run in [verlet, langevin] {
            try run.drawVelocities(at: .kelvin(30), seed: 1)
            try run.advance(steps: 50)
        }
        for (a, b) in zip(verlet.motion.positions, langevin.motion.positions) { #expect(norm(a - b) < 1e-12) }
        // O leaves velocities alone; only the projection of the rounded momentum is left of the heat.
        #expect(abs(langevin.motion.heat) < 1e-15)
    }

    @Test func velocitiesHaveTheMaxwellBoltzmannDistribution() throws {
        var motion = try Motion(of: Samples.dimers(1000, "H", "O"))
        motion.drawVelocities(at: .kelvin(500), seed: 6)
        motion.removeMomentum()
        #expect(norm(motion.momentum) < 1e-12)
        for (offset, mass) in [(0, 1.008), (1, 15.999)] {
            let thermal = Units.boltzmann * 500 * Units.acceleration / mass
            let squares = stride(from: offset, to: 2000, by: 2).reduce(0) {
                $0 + dot(motion.velocities[$1], motion.velocities[$1])
            }
            #expect(abs(squares / 3000 / thermal - 1) < Self.sigmas * (2 / 3000.0).squareRoot() + 1e-3)
        }
        motion.scaleVelocities(to: .kelvin(500), degreesOfFreedom: 5997)
        #expect(abs(motion.temperature(degreesOfFreedom: 5997) - 500) < 1e-9)
    }
}
