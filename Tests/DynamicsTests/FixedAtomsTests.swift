import Atoms
import Dynamics
import Testing

/// Atoms that cannot move, wholly or along some axes, under every ensemble that allows them.
@Suite struct FixedAtomsTests {
    private static let ensembles: [Ensemble] = [
        .velocityVerlet(timestep: .femtoseconds(5)),
        .langevin(
            timestep: .femtoseconds(5), temperature: .kelvin(40), friction: .perPicosecond(10), seed: 4),
        .noseHoover(timestep: .femtoseconds(5), temperature: .kelvin(40), time: .femtoseconds(200)),
        .csvr(timestep: .femtoseconds(5), temperature: .kelvin(40), time: .femtoseconds(200), seed: 3),
    ]

    @Test(arguments: ensembles.indices) func whatIsFixedStays(index: Int) throws {
        var fixed = FixedAtoms()
        for atom in 0..<4 { try fixed.fix(atom) }
        try fixed.fix(5, x: false, y: false, z: true)
        try fixed.fix(6, x: true, y: true, z: false)
        let start = Samples.argon()
        let run = try Simulation(
            of: start, under: Samples.lennardJones(), by: Self.ensembles[index],
            constraints: Constraints(fixed: fixed), parallelism: .serial)
        #expect(run.degreesOfFreedom == 3 * 32 - 12 - 1 - 2)
        try run.drawVelocities(at: .kelvin(40), seed: 2, isExact: true)
        #expect(abs(run.temperature - 40) < 1e-10)
        let before = run.conservedEnergy
        var temperatures: [Double] = []
        try run.advance(steps: 4000, every: 20) { temperatures.append($0.temperature!) }
        let x = run.motion.positions
        for atom in 0..<4 { #expect(x[atom] == start.positions[atom]) }
        #expect(x[5].z == start.positions[5].z && x[5].x != start.positions[5].x)
        #expect(x[6].x == start.positions[6].x && x[6].y == start.positions[6].y)
        #expect(x[6].z != start.positions[6].z)
        #expect(run.motion.forces[0] != .zero, "the force on it is known all the same")
        #expect(abs(run.conservedEnergy - before) < 1e-3)
        guard run.ensemble.temperature != nil else { return }
        let mean = temperatures.reduce(0, +) / Double(temperatures.count)
        // √(2/81) of the temperature in a sample, of which there are some forty.
        #expect(abs(mean - 40) < 4.5, "\(mean) K")
    }
}
