import Atoms
import Compute
import Dynamics
import Foundation
import Interactions
import Neighbors
import Testing

@Suite struct SimulationTests {
    private let langevin = Ensemble.langevin(
        timestep: .femtoseconds(3), temperature: .kelvin(60), friction: .perPicosecond(2), seed: 42)

    private func argon(
        _ structure: Structure = Samples.argon(), threads: Int = 1, guards: Guards = Guards(), skin: Double = 0.5
    ) throws -> Simulation {
        let parallelism = Parallelism(threads: threads)
        return try Simulation(
            of: structure, under: Samples.lennardJones(parallelism: parallelism), by: langevin, skin: skin,
            guards: guards, parallelism: parallelism)
    }

    // MARK: - The same bits

    @Test func theSameSeedGivesTheSameBitsForAnyThreadsAndSkin() throws {
        // 5324 atoms make several of the ranges that threads share, of the ensemble as of the forces.
        let crystal = Samples.argon(11)
        let runs = try [argon(crystal), argon(crystal, threads: 5), argon(crystal, skin: 1.5)]
        for run in runs {
            try run.drawVelocities(at: .kelvin(300), seed: 1)
            try run.advance(steps: 60)
        }
        #expect(runs[0].pace.rebuilds > runs[2].pace.rebuilds)
        for run in runs.dropFirst() {
            #expect(run.motion.positions == runs[0].motion.positions)
            #expect(run.motion.velocities == runs[0].motion.velocities)
            #expect(run.motion.heat == runs[0].motion.heat)
        }
    }

    @Test func aRestartContinuesBitByBit() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let (whole, first) = try (argon(), argon())
        for run in [whole, first] { try run.drawVelocities(at: .kelvin(60), seed: 1) }
        try whole.advance(steps: 80)
        try first.advance(steps: 33)
        try first.checkpoint().write(to: path)
        let checkpoint = try Checkpoint(contentsOf: path)
        #expect(try checkpoint == first.checkpoint())
        let second = try Simulation(continuing: checkpoint, under: Samples.lennardJones(), by: langevin)
        #expect(second.motion.forces == first.motion.forces)
        try second.advance(steps: 47)
        #expect(try second.checkpoint() == whole.checkpoint())
        #expect(second.drift == whole.drift)
    }

    @Test func anotherSeedGivesAnotherRun() throws {
        let run = try argon()
        let other = try Simulation(
            of: Samples.argon(), under: Samples.lennardJones(),
            by: .langevin(timestep: .femtoseconds(3), temperature: .kelvin(60), friction: .perPicosecond(2), seed: 43)
        )
        for run in [run, other] { try run.advance(steps: 1) }
        #expect(run.motion.velocities != other.motion.velocities)
    }

    @Test func damagedCheckpointsAreRefused() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try argon().checkpoint().write(to: path)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for place in stride(from: 0, to: whole.count, by: 61) {
            var damaged = whole
            damaged[place] ^= 0x10
            try damaged.write(to: URL(fileURLWithPath: path))
            #expect(throws: SimulationError.self, "byte \(place)") { try Checkpoint(contentsOf: path) }
            try whole.prefix(place).write(to: URL(fileURLWithPath: path))
            #expect(throws: SimulationError.self, "\(place) bytes") { try Checkpoint(contentsOf: path) }
        }
        #expect(throws: SimulationError.self) { try Checkpoint(contentsOf: "/no/such/file") }
    }

    // MARK: - Guards

    @Test func atomsCloserThanTheDataEverWereStopTheRun() throws {
        let (argon, limit) = (Element("Ar")!, 3.3)
        var guards = Guards()
        guards.minimumDistances = MinimumDistances()
        guards.minimumDistances![argon, argon] = limit
        let run = try self.argon(guards: guards)
        try run.drawVelocities(at: .kelvin(2000), seed: 1)
        let error = #expect(throws: SimulationError.self) { try run.advance(steps: 1000) }
        #expect(error?.code == .tooClose)
        #expect(error?.step == run.motion.step + 1)
        #expect(error?.message.contains("(Ar) are 3.2") == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("(3.3 Å)") == true)
        // Nobody is asked what the energy of such a start would be.
        var close = Samples.argon()
        close.positions[1] = SIMD3(1, 0, 0)
        #expect(throws: SimulationError.self) { try self.argon(close, guards: guards) }
    }

    /// A committee of two kinds of argon, which disagree the more the farther atoms are from their places.
    private final class Disagreeing: Interaction {
        let members: [LennardJones]
        var cutoff: Double { members[0].cutoff }

        init() throws {
            members = [try Samples.lennardJones(), try LennardJones.argon(cutoff: 6.4, parallelism: .serial)]
        }

        func check(elements: [Element]) throws {}

        func evaluate(_ configuration: Configuration, into result: inout InteractionResult) throws {
            var other = InteractionResult()
            try members[0].evaluate(configuration, into: &result)
            try members[1].evaluate(configuration, into: &other)
            result.deviation = Structure.Deviation(
                energy: abs(result.energy - other.energy) / 2,
                forces: zip(result.forces, other.forces).map { norm($0 - $1) / 2 })
        }
    }

    @Test func aCommitteeThatDisagreesStopsTheRun() throws {
        var guards = Guards()
        let free = try Simulation(
            of: Samples.argon(), under: Disagreeing(), by: .velocityVerlet(timestep: .femtoseconds(5)),
            parallelism: .serial)
        try free.drawVelocities(at: .kelvin(100), seed: 1)
        var deviations: [Double] = []
        try free.advance(steps: 50) { deviations.append($0.structure.deviation!.largestOfForces) }
        // A limit that the tenth step at the earliest goes beyond.
        let limit = deviations.prefix(9).max()! * 1.0001
        let first = try #require(deviations.firstIndex { $0 > limit })
        guards.largestForceDeviation = limit
        let run = try Simulation(
            of: Samples.argon(), under: Disagreeing(), by: .velocityVerlet(timestep: .femtoseconds(5)),
            guards: guards,
            parallelism: .serial)
        try run.drawVelocities(at: .kelvin(100), seed: 1)
        let error = #expect(throws: SimulationError.self) { try run.advance(steps: 50) }
        #expect(error?.code == .uncertain && error?.step == first + 1)
        #expect(error?.message.contains("eV/Å, more than the limit") == true)
    }

    @Test func anExplosionStopsTheRun() throws {
        var close = Samples.argon()
        close.positions[1] = SIMD3(1.2, 0, 0)
        let run = try argon(close)
        let error = #expect(throws: SimulationError.self) { try run.advance(steps: 100) }
        #expect(error?.code == .tooHot)
    }

    @Test func aPositionThatIsNotANumberStopsTheRun() throws {
        var broken = Samples.argon()
        broken.positions[3].y = .nan
        let error = #expect(throws: SimulationError.self) { try argon(broken) }
        #expect(error?.code == .notFinite)
        #expect(error?.message.contains("atom 4") == true)
        broken = Samples.argon()
        broken.velocities = Array(repeating: .zero, count: broken.count)
        broken.velocities![2].x = .infinity
        let infinite = #expect(throws: SimulationError.self) { try argon(broken) }
        #expect(infinite?.message.contains("velocity of atom 3 (Ar)") == true)
        broken.velocities![2].x = 10
        let hot = #expect(throws: SimulationError.self) { try argon(broken) }
        #expect(hot?.code == .tooHot && hot?.message.contains("at the start") == true)
    }

    @Test func settingsThatMakeNoSenseAreRefused() throws {
        let (structure, argon) = (Samples.argon(), try Samples.lennardJones())
        #expect(throws: SimulationError.self) {
            try Simulation(of: structure, under: argon, by: .velocityVerlet(timestep: .femtoseconds(0)))
        }
        #expect(throws: SimulationError.self) {
            try Simulation(
                of: structure, under: argon,
                by: .langevin(
                    timestep: .femtoseconds(1), temperature: .kelvin(-1), friction: .perPicosecond(1), seed: 1))
        }
        #expect(throws: SimulationError.self) {
            try Simulation(
                of: structure, under: argon, by: .velocityVerlet(timestep: .femtoseconds(1)), removesRotation: true)
        }
        #expect(throws: InteractionError.self) {
            try Simulation(of: Samples.dimers(1), under: argon, by: .velocityVerlet(timestep: .femtoseconds(1)))
        }
    }

    // MARK: - Running

    @Test func framesComeAtMultiplesOfTheInterval() throws {
        let run = try argon()
        var steps: [Int] = []
        #expect(try run.advance(steps: 7, every: 3) { steps.append($0.step) } == 7)
        #expect(try run.advance(steps: 5, every: 3) { steps.append($0.step) } == 5)
        #expect(steps == [3, 6, 9, 12])
        #expect(run.motion.time == 36)
        #expect(run.pace.steps == 12 && run.pace.total > 0 && run.pace.forces > 0)
    }

    @Test func aCancelledRunStopsAtAWholeStep() throws {
        let run = try argon()
        let taken = try run.advance(steps: 100) { if $0.step == 4 { run.cancellation.cancel() } }
        #expect(taken == 4)
        #expect(run.motion.step == 4)
    }

    @Test func noAtomsAndOneAtomAreNormal() throws {
        let interaction = try Samples.lennardJones()
        let none = try Simulation(of: Structure(elements: [], positions: []), under: interaction, by: langevin)
        try none.advance(steps: 2)
        #expect(none.temperature == 0)
        let one = try Simulation(
            of: Structure(elements: [Element("Ar")!], positions: [.zero]), under: interaction, by: langevin)
        try one.advance(steps: 2)
        #expect(one.degreesOfFreedom == 0)
        #expect(norm(one.motion.positions[0]) < 1e-12, "its only motion is that of the whole")
    }

    @Test func theMotionOfTheWholeIsTakenOut() throws {
        var moving = Samples.cluster
        moving.velocities = moving.positions.map { SIMD3(0.1, 0.2, 0.3) + cross(SIMD3(0, 0, 0.01), $0) }
        let run = try Simulation(
            of: moving, under: Samples.lennardJones(), by: .velocityVerlet(timestep: .femtoseconds(1)),
            removesRotation: true)
        #expect(run.motion.kineticEnergy < 1e-25)
        // A line of atoms has two rotations.
        var line = Samples.dimers(1)
        line.positions[1] = SIMD3(1, 1, 1)
        line.velocities = [SIMD3(0.1, -0.1, 0), SIMD3(-0.1, 0.1, 0)]
        let rotor = try Simulation(
            of: line, under: Springs(constant: 1), by: .velocityVerlet(timestep: .femtoseconds(1)),
            removesRotation: true)
        #expect(rotor.degreesOfFreedom == 1)
        #expect(rotor.motion.kineticEnergy < 1e-25)
    }

    /// What draws velocities counts the degrees of freedom that the thermometer counts.
    @Test(arguments: [true, false], [true, false])
    func exactVelocitiesHaveTheirTemperature(keepsCentreOfMass: Bool, removesRotation: Bool) throws {
        var pair = Samples.dimers(1)
        pair.positions[1].z = 2.35
        let bath = Ensemble.langevin(
            timestep: .femtoseconds(1), temperature: .kelvin(300), friction: .perPicosecond(1), seed: 1,
            keepsCentreOfMass: keepsCentreOfMass)
        for ensemble in [bath, .velocityVerlet(timestep: .femtoseconds(1))] {
            let run = try Simulation(
                of: pair, under: Springs(constant: 1), by: ensemble, removesRotation: removesRotation)
            try run.drawVelocities(at: .kelvin(300), seed: 1, isExact: true)
            #expect(abs(run.temperature - 300) < 1e-10, "\(run.temperature) K")
            #expect(keepsCentreOfMass || ensemble.isDeterministic || norm(run.motion.momentum) > 1e-3)
        }
    }

    @Test func oneAtomAtRestHasNoTemperatureToBeScaledTo() throws {
        let run = try Simulation(
            of: Structure(elements: [Element("Ar")!], positions: [.zero]), under: Samples.lennardJones(), by: langevin
        )
        let error = #expect(throws: SimulationError.self) {
            try run.drawVelocities(at: .kelvin(300), seed: 1, isExact: true)
        }
        #expect(error?.code == .invalidSetting && error?.message.contains("0 degrees of freedom") == true)
        try run.drawVelocities(at: .kelvin(300), seed: 1)
        #expect(run.temperature == 0)
    }

    /// Ten times the mass takes √10 times the time; and a mass of the structure is one of the motion.
    @Test func massesOfTheStructureMoveTheAtoms() throws {
        func displacements(_ scale: Double) throws -> [SIMD3<Double>] {
            var structure = Samples.argon()
            structure.positions[0].x += 0.1
            structure.masses = structure.elements.map { $0.mass * scale }
            let run = try Simulation(
                of: structure, under: Samples.lennardJones(),
                by: .velocityVerlet(timestep: .femtoseconds(4 * scale.squareRoot())), parallelism: .serial)
            #expect(run.motion.hasOwnMasses == (scale != 1) && (run.frame.structure.masses != nil) == (scale != 1))
            try run.advance(steps: 50)
            let again = try Simulation(
                continuing: run.checkpoint(), under: Samples.lennardJones(),
                by: .velocityVerlet(timestep: .femtoseconds(1)))
            #expect(again.motion.masses == run.motion.masses)
            return run.motion.positions
        }
        for (a, b) in zip(try displacements(1), try displacements(9)) { #expect(norm(a - b) < 1e-10) }
    }

    /// An ideal gas has the pressure NkT/V, and the strain derivative of the energy gives the rest.
    @Test func pressureIsKineticPlusVirial() throws {
        let run = try argon()
        try run.drawVelocities(at: .kelvin(80), seed: 1, isExact: true)
        let volume = run.motion.cell!.volume
        let kinetic = 2 * run.motion.kineticEnergy / (3 * volume)
        let virial = run.motion.result.virial.trace / (3 * volume)
        #expect(abs(run.frame.pressure! - kinetic - virial) < 1e-15)
        #expect(abs(run.frame.temperature! - 80) < 1e-11)
        let stress = run.frame.totalStress!
        for (i, j) in [(0, 1), (0, 2), (1, 2)] { #expect(abs(stress[i, j] - stress[j, i]) < 1e-15) }
    }
}
