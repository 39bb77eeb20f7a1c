import Atoms
import Compute
import Foundation
import Interactions
import Testing

@testable import Dynamics

/// A well for each atom about the origin, `E = ½ k r²`.
private final class Well: Interaction {
    let constant: Double
    let cutoff = 1.0
    init(constant: Double) { self.constant = constant }

    func check(elements: [Element]) {}

    func evaluate(_ configuration: Configuration, into result: inout InteractionResult) {
        result.reset(count: configuration.elements.count)
        for (i, r) in configuration.positions.enumerated() {
            result.forces[i] = r * -constant
            result.atomicEnergies[i] = 0.5 * constant * dot(r, r)
            result.energy += result.atomicEnergies[i]
        }
    }
}

@Suite struct PathIntegralTests {
    private static let hydrogen = Element("H")!

    private static func run(
        beads: Int, friction: Rate? = .perPicosecond(30), timestep: Double = 0.5, seed: UInt64 = 3, atoms: Int = 1,
        constant: Double = 30, keepsCentre: Bool = false, threads: Int = 1
    ) throws -> PathIntegral {
        var settings = PathIntegralSettings(
            beads: beads, timestep: .femtoseconds(timestep), temperature: .kelvin(300), friction: friction, seed: seed
        )
        settings.keepsCentreOfMass = keepsCentre
        let structure = Structure(
            elements: Array(repeating: hydrogen, count: atoms), positions: Array(repeating: .zero, count: atoms))
        return try PathIntegral(
            of: try Motion(of: structure, parallelism: Parallelism(threads: threads)),
            under: Well(constant: constant),
            settings)
    }

    @Test(arguments: [1, 2, 3, 4, 7, 16]) func normalModesAreThoseOfTheRing(_ beads: Int) {
        let ring = RingPolymer(
            [SIMD3(1, 2, 3), SIMD3(-1, 0, 5)], beads: beads, temperature: 300, masses: [1, 16],
            freedom: [SIMD3(1, 1, 1), SIMD3(1, 1, 1)], parallelism: .serial)
        let q: [[SIMD3<Double>]] = (0..<beads).map { j in
            (0..<2).map { i in
                let (x, y) = (sin(Double(3 * j + i)), cos(Double(5 * j * i) + 1))
                return SIMD3(x, y, Double(j * i % 3))
            }
        }
        let modes = ring.modes(of: q)
        let back = ring.beads(of: modes)
        for j in 0..<beads { for i in 0..<2 { #expect(norm(back[j][i] - q[j][i]) < 1e-12) } }
        // The springs between neighbours have the energy of the modes.
        let omega = Double(beads) * Units.boltzmann * 300 / RingPolymer.hbar
        var springs = 0.0
        for j in 0..<beads {
            for i in 0..<2 {
                let d = q[(j + 1) % beads][i] - q[j][i]
                springs += 0.5 * [1, 16][i] * omega * omega * dot(d, d) / Units.acceleration
            }
        }
        var other = ring
        other.positions = modes
        #expect(abs(other.springEnergy - springs) < 1e-10 * max(1, springs))
    }

    /// Energies of an oscillator with P beads: ⟨V⟩ = ⟨K⟩ = ½ kT Σ_k ω²/(ω_k² + ω²) for each axis.
    private static func exact(_ beads: Int, constant: Double) -> Double {
        let square = constant / hydrogen.mass * Units.acceleration
        let omega = Double(beads) * Units.boltzmann * 300 / RingPolymer.hbar
        let sum = (0..<beads).reduce(0.0) { sum, k in
            let mode = 2 * omega * sin(Double(k) * .pi / Double(beads))
            return sum + square / (mode * mode + square)
        }
        return 0.5 * Units.boltzmann * 300 * sum
    }

    @Test(arguments: [1, 4, 8]) func theOscillatorHasItsEnergies(_ beads: Int) throws {
        let constant = 30.0
        // ħω/kT = 6.9: with 8 beads nearly all of its energy is that of the zero point.
        let run = try Self.run(beads: beads, timestep: 0.25, atoms: 20, constant: constant)
        try run.drawVelocities()
        var samples = [[Double]](repeating: [], count: 3)
        try run.advance(steps: 40_000, every: 10) { frame in
            guard frame.step > 2000 else { return }
            samples[0].append(frame.structure.energy! / 60)
            samples[1].append(frame.kineticEnergy! / 60)
            samples[2].append(frame.primitiveKineticEnergy! / 60)
        }
        let expected = Self.exact(beads, constant: constant)
        for (name, values) in zip(["potential", "centroid virial", "primitive"], samples) {
            let mean = values.reduce(0, +) / Double(values.count)
            let blocks = stride(from: 0, to: values.count - 99, by: 100).map {
                values[$0..<$0 + 100].reduce(0, +) / 100
            }
            let b = Double(blocks.count)
            let error = (blocks.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / b / (b - 1)).squareRoot()
            if beads == 1, name == "centroid virial" || name == "primitive" {
                // One bead is a classical atom.
                #expect(abs(mean - expected) < 1e-9)
                continue
            }
            #expect(error < 0.02 * expected)
            #expect(abs(mean - expected) < 4 * error + 0.003 * expected, "\(name): \(mean) ± \(error), \(expected)")
        }
    }

    @Test func oneBeadIsAClassicalAtom() throws {
        let run = try Self.run(beads: 1, friction: nil, keepsCentre: false)
        try run.drawVelocities()
        let start = run.conservedEnergy
        #expect(start > 0)
        try run.advance(steps: 2000)
        // Velocity Verlet's energy goes up and down by (ωΔt)²/4 with ωΔt = 0.27.
        #expect(abs(run.conservedEnergy - start) < 2e-2 * start)
    }

    /// The conserved quantity is: with friction less the heat, without as it is; its error falls with Δt².
    @Test(arguments: [nil, Rate.perPicosecond(30)]) func heatIsWhatTheBathGave(_ friction: Rate?) throws {
        func scatter(_ timestep: Double) throws -> Double {
            let run = try Self.run(beads: 6, friction: friction, timestep: timestep, atoms: 4)
            try run.drawVelocities()
            var energies: [Double] = []
            try run.advance(steps: Int(400 / timestep)) { energies.append($0.conservedEnergy!) }
            return energies.map { abs($0 - energies[0]) }.max()!
        }
        let (long, short) = (try scatter(0.2), try scatter(0.1))
        #expect(long < 0.02)
        if friction == nil { #expect((3...5.5).contains(long / short), "\(long / short)") }
    }

    @Test func aRestartAndThreadsChangeNoBit() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("beads-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let whole = try Self.run(beads: 8, atoms: 3, keepsCentre: true)
        try whole.drawVelocities()
        try whole.advance(steps: 50)
        let first = try Self.run(beads: 8, atoms: 3, keepsCentre: true, threads: 3)
        try first.drawVelocities()
        try first.advance(steps: 20)
        let file = folder.appendingPathComponent("set").path
        try first.checkpoint().write(to: file)
        let structure = Structure(
            elements: Array(repeating: Self.hydrogen, count: 3), positions: Array(repeating: .zero, count: 3))
        let set = try CheckpointSet(contentsOf: file)
        let second = try PathIntegral(
            continuing: set, fixed: try Motion(of: structure, parallelism: .serial), under: Well(constant: 30),
            first.settings)
        try second.advance(steps: 30)
        #expect(second.frame == whole.frame)
        #expect(second.conservedEnergy == whole.conservedEnergy)
        #expect(second.beadFrames == whole.beadFrames)
        var other = first.settings
        other.beads = 4
        #expect(throws: SimulationError.self) {
            try PathIntegral(
                continuing: set, fixed: try Motion(of: structure, parallelism: .serial), under: Well(constant: 30),
                other)
        }
    }
}
