import Atoms
import Compute
import Interactions
import Testing

@testable import Dynamics

/// Bonds of constant length, rigid groups, lines and planes: against each other, and against what mechanics and
/// statistical mechanics say of them.
@Suite struct ConstraintTests {
    /// 4.5 σ, as in the other statistics here.
    static let sigmas = 4.5

    /// Argon with unequal masses, so that no top is symmetric.
    static let masses = (0..<32).map { 20 + 7 * Double($0 % 5) }

    /// Of argon's groups of four atoms: a tetrahedron, a dumb-bell, a triangle; a chain and a triangle of bonds; a
    /// fixed atom, one in a plane and one on a line.
    static func mixture() throws -> Constraints {
        var fixed = FixedAtoms()
        try fixed.fix(31)
        try fixed.fix(30, toLineAlong: SIMD3(1, 1, 0))
        try fixed.fix(29, toPlaneWithNormal: SIMD3(1, -2, 3))
        return Constraints(
            fixed: fixed, bonds: [.init(12, 13), .init(13, 14), .init(16, 17), .init(17, 18), .init(16, 18)],
            bodies: [[0, 1, 2, 3], [4, 5], [8, 9, 10]])
    }

    static func run(
        _ constraints: Constraints, _ ensemble: Ensemble, kelvin: Double = 40, structure: Structure = Samples.argon()
    ) throws -> Simulation {
        let run = try Simulation(
            of: structure, under: Samples.lennardJones(), by: ensemble,
            masses: Array(masses.prefix(structure.count)), constraints: constraints, parallelism: .serial)
        try run.drawVelocities(at: .kelvin(kelvin), seed: 3)
        return run
    }

    static func distances(_ atoms: [Int], _ x: [SIMD3<Double>]) -> [Double] {
        atoms.indices.flatMap { i in (0..<i).map { norm(x[atoms[i]] - x[atoms[$0]]) } }
    }

    @Test func whatIsHeldStaysAndEnergyIsConserved() throws {
        let start = Samples.argon().positions
        func scatter(_ timestep: Double) throws -> Double {
            let run = try Self.run(try Self.mixture(), .velocityVerlet(timestep: .femtoseconds(timestep)))
            #expect(run.degreesOfFreedom == 96 - (3 + 2 + 1) - 5 - (12 - 6) - (6 - 5) - (9 - 6))
            try run.advance(steps: Int(8000 / timestep))
            let x = run.motion.positions
            for group in [[0, 1, 2, 3], [4, 5], [8, 9, 10], [12, 13], [13, 14], [16, 17, 18]] {
                for (now, before) in zip(Self.distances(group, x), Self.distances(group, start)) {
                    #expect(abs(now - before) < 2e-9, "\(group)")
                }
            }
            #expect(x[31] == start[31])
            let (along, across) = (x[30] - start[30], SIMD3(1, -2, 3.0))
            #expect(abs(along.x - along.y) < 1e-10 && abs(along.z) < 1e-10 && norm(along) > 0.01)
            #expect(abs(dot(x[29] - start[29], across)) < 1e-9 && norm(x[29] - start[29]) > 0.01)
            #expect(norm(x[0] - start[0]) > 0.01)
            #expect(abs(run.drift!) < 1e-5, "\(run.drift!) eV/atom/ps")
            return run.driftFit.scatter!
        }
        let ratio = try scatter(16) / scatter(8)
        #expect(ratio > 2.5 && ratio < 6.5, "second order: \(ratio)")
    }

    @Test func motionRunsBackwards() throws {
        let run = try Self.run(try Self.mixture(), .velocityVerlet(timestep: .femtoseconds(8)))
        let start = run.motion.positions
        try run.advance(steps: 200)
        run.reverse()
        try run.advance(steps: 200)
        for (a, b) in zip(run.motion.positions, start) { #expect(norm(a - b) < 1e-6) }
    }

    /// Two ways to hold a molecule that share nothing: they differ by the error of the timestep, of second order, and
    /// the forces that they hold it with are the same.
    @Test(arguments: [[4, 5], [8, 9, 10]]) func bondsHoldWhatARigidGroupHolds(atoms: [Int]) throws {
        let bonds = atoms.indices.flatMap { i in (0..<i).map { Constraints.Bond(atoms[$0], atoms[i]) } }
        func difference(_ timestep: Double) throws -> Double {
            let ensemble = Ensemble.velocityVerlet(timestep: .femtoseconds(timestep))
            let a = try Self.run(Constraints(bonds: bonds), ensemble)
            let b = try Self.run(Constraints(bodies: [atoms]), ensemble)
            #expect(a.degreesOfFreedom == b.degreesOfFreedom)
            // A share of 10⁻¹⁰ of 3.8 Å in a fs.
            for (u, v) in zip(a.motion.velocities, b.motion.velocities) { #expect(norm(u - v) < 4e-10) }
            let (v, w) = (a.motion.constraintVirial, b.motion.constraintVirial)
            for (x, y) in zip(v.elements, w.elements) {
                #expect(abs(x - y) < 1e-8 * max(1, abs(v.trace)), "\(v) \(w)")
            }
            #expect(abs(v.trace) > 1e-3)
            for run in [a, b] { try run.advance(steps: Int(960 / timestep)) }
            return zip(a.motion.positions, b.motion.positions).reduce(0) { max($0, norm($1.0 - $1.1)) }
        }
        let (long, short) = (try difference(8), try difference(4))
        #expect(long < 1e-3)
        #expect(long / short > 3 && long / short < 5, "\(long) \(short)")
    }

    /// With the forces that hold molecules, the trace of kinetic energy and virial is that of molecules as a whole:
    /// Σ M V² + Σ X·F. Of an open cluster, whose virial is Σ x·F.
    @Test func stressIsThatOfMolecules() throws {
        let groups = [[0, 1, 2], [3, 5], [4, 6, 7, 8]]
        func check(_ constraints: Constraints, _ groups: [[Int]]) throws {
            let run = try Self.run(
                constraints, .velocityVerlet(timestep: .femtoseconds(4)), structure: Samples.cluster)
            try run.advance(steps: 50)
            let m = run.motion
            var expected = 0.0
            for group in groups + (0..<13).filter({ !groups.flatMap(\.self).contains($0) }).map({ [$0] }) {
                let mass = group.reduce(0) { $0 + m.masses[$1] }
                let place = group.reduce(SIMD3<Double>.zero) { $0 + m.positions[$1] * (m.masses[$1] / mass) }
                let velocity = group.reduce(SIMD3<Double>.zero) { $0 + m.velocities[$1] * (m.masses[$1] / mass) }
                let force = group.reduce(SIMD3<Double>.zero) { $0 + m.forces[$1] }
                expected += mass * dot(velocity, velocity) / Units.acceleration + dot(place, force)
            }
            let found = (m.kineticTensor + m.result.virial + m.constraintVirial).trace
            #expect(abs(found - expected) < 1e-9, "\(found) \(expected)")
            #expect(abs(m.constraintVirial.trace) > 1e-3)
        }
        try check(Constraints(bodies: groups), groups)
        try check(Constraints(bonds: [.init(1, 2), .init(2, 3), .init(1, 3)]), [[1, 2, 3]])
    }

    /// Drawn velocities have kT/2 in each degree of freedom that is left; √(2/n) of it in n numbers.
    @Test func drawnVelocitiesHaveTheirTemperature() throws {
        let run = try Self.run(try Self.mixture(), .velocityVerlet(timestep: .femtoseconds(4)))
        let degrees = Double(run.degreesOfFreedom)
        var sum = 0.0
        for seed in 1...400 {
            try run.drawVelocities(at: .kelvin(40), seed: UInt64(seed))
            sum += 2 * run.motion.kineticEnergy / (Units.boltzmann * 40)
        }
        #expect(abs(sum / 400 / degrees - 1) < Self.sigmas * (2 / (400 * degrees)).squareRoot(), "\(sum / 400)")
    }

    /// Under every thermostat molecules move and turn with the energy that is due to them.
    @Test(arguments: [0, 1, 2]) func energyIsSharedEqually(kind: Int) throws {
        let bodies = [[0, 1, 2, 3], [4, 5], [8, 9, 10], [12, 13, 14, 15], [16, 17], [20, 21, 22]]
        let step = Time.femtoseconds(8)
        let ensemble: Ensemble =
            switch kind {
            case 0: .langevin(timestep: step, temperature: .kelvin(40), friction: .perPicosecond(5), seed: 9)
            case 1: .csvr(timestep: step, temperature: .kelvin(40), time: .femtoseconds(200), seed: 9)
            default: .noseHoover(timestep: step, temperature: .kelvin(40), time: .femtoseconds(200))
            }
        let run = try Self.run(Constraints(bodies: bodies), ensemble)
        let whole = Self.masses.reduce(0, +)
        var (moving, turning, all, samples) = (0.0, 0.0, 0.0, 0.0)
        try run.advance(steps: 500)
        try run.advance(steps: 40 * 1200, every: 40) { frame in
            let v = frame.structure.velocities!
            for body in bodies {
                let mass = body.reduce(0) { $0 + Self.masses[$1] }
                let centre = body.reduce(SIMD3<Double>.zero) { $0 + v[$1] * (Self.masses[$1] / mass) }
                let own = body.reduce(0) { $0 + Self.masses[$1] * dot(v[$1] - centre, v[$1] - centre) }
                // The centre of mass of all rests.
                moving += mass * dot(centre, centre) / (1 - mass / whole)
                turning += own
            }
            all += 2 * frame.kineticEnergy!
            samples += 1
        }
        let kT = Units.boltzmann * 40 * Units.acceleration
        let turns = 3.0 * 4 + 2 * 2
        // Samples 320 fs apart: three quarters of them count, for want of a memory of the solid beyond that.
        let n = 0.75 * samples
        #expect(abs(moving / kT / samples / 18 - 1) < Self.sigmas * (2 / (18 * n)).squareRoot() + 4e-3)
        #expect(abs(turning / kT / samples / turns - 1) < Self.sigmas * (2 / (turns * n)).squareRoot() + 4e-3)
        let degrees = Double(run.degreesOfFreedom)
        let mean = all / samples / (Units.boltzmann * 40)
        #expect(
            abs(mean / degrees - 1) < Self.sigmas * (2 / (degrees * n)).squareRoot() + 4e-3, "\(mean) of \(degrees)")
    }

    /// A chain of three equal atoms with two rigid bonds and no forces is not bent at random: the metric of its space
    /// makes the density of the angle sin θ √(4 − cos²θ), so that ⟨cos²θ⟩ = 0.32102 and not 1/3.
    /// Kramers, J. Chem. Phys. 14, 415 (1946).
    @Test func aChainWithoutForcesBendsAsItsMetricSays() throws {
        let count = 120
        var structure = Structure(elements: [], positions: [])
        var bonds: [Constraints.Bond] = []
        for k in 0..<count {
            let place = SIMD3(Double(k % 10), Double(k / 10 % 10), Double(k / 100)) * 100
            structure.elements += Array(repeating: Element("C")!, count: 3)
            structure.positions += [place, place + SIMD3(1, 0, 0), place + SIMD3(1, 1, 0)]
            bonds += [.init(3 * k, 3 * k + 1), .init(3 * k + 1, 3 * k + 2)]
        }
        let run = try Simulation(
            of: structure, under: Springs(constant: 0),
            by: .langevin(
                timestep: .femtoseconds(10), temperature: .kelvin(300), friction: .perFemtosecond(0.02), seed: 3,
                keepsCentreOfMass: false),
            constraints: Constraints(bonds: bonds), parallelism: .serial)
        #expect(run.degreesOfFreedom == 7 * count)
        try run.drawVelocities(at: .kelvin(300), seed: 4)
        try run.advance(steps: 400)
        var (sum, samples) = (0.0, 0.0)
        // 800 fs apart, longer than the angle remembers.
        try run.advance(steps: 80 * 450, every: 80) { frame in
            let x = frame.structure.positions
            for k in 0..<count {
                let cosine = dot(x[3 * k + 1] - x[3 * k], x[3 * k + 2] - x[3 * k + 1])
                sum += cosine * cosine
                samples += 1
            }
        }
        // cos² scatters by 0.29.
        let sigma = 0.29 / samples.squareRoot()
        #expect(abs(sum / samples - 0.3210210) < Self.sigmas * sigma, "\(sum / samples) ± \(sigma)")
        #expect(Self.sigmas * sigma < 1.0 / 3 - 0.3210210)
    }

    @Test func aRestartGoesOnToTheBit() throws {
        let ensemble = Ensemble.langevin(
            timestep: .femtoseconds(8), temperature: .kelvin(40), friction: .perPicosecond(5), seed: 9)
        let run = try Self.run(try Self.mixture(), ensemble)
        try run.advance(steps: 20)
        let path = "/tmp/constraints-\(UInt64.random(in: 0...UInt64.max)).checkpoint"
        try run.checkpoint().write(to: path)
        let next = try Simulation(
            continuing: Checkpoint(contentsOf: path), under: Samples.lennardJones(), by: ensemble,
            parallelism: Parallelism(threads: 2))
        for simulation in [run, next] { try simulation.advance(steps: 20) }
        #expect(run.motion.positions == next.motion.positions && run.motion.velocities == next.motion.velocities)
        #expect(run.frame.totalStress == next.frame.totalStress)
    }

    /// Molecules that the boundary of a cell cuts are whole, and given lengths are reached.
    @Test func bondsGoThroughTheBoundary() throws {
        var structure = Samples.argon()
        structure.positions = structure.positions.map { structure.cell!.wrapped($0 + SIMD3(repeating: 9)) }
        let whole = try Self.run(
            Constraints(bonds: [.init(0, 1, length: 3.9)], bodies: [[4, 5, 6, 7]]),
            .velocityVerlet(timestep: .femtoseconds(4)))
        let cut = try Self.run(
            Constraints(bonds: [.init(0, 1, length: 3.9)], bodies: [[4, 5, 6, 7]]),
            .velocityVerlet(timestep: .femtoseconds(4)), structure: structure)
        for run in [whole, cut] { try run.advance(steps: 100) }
        for (a, b) in zip(whole.motion.velocities, cut.motion.velocities) { #expect(norm(a - b) < 1e-9) }
        let x = whole.motion.positions
        #expect(abs(norm(x[0] - x[1]) - 3.9) < 1e-8)
        #expect(abs(whole.frame.totalStress!.trace - cut.frame.totalStress!.trace) < 1e-9)
    }

    @Test func whatDoesNotGoTogetherIsRefused() throws {
        func refusal(_ constraints: Constraints, _ ensemble: Ensemble = .velocityVerlet(timestep: .femtoseconds(4)))
            -> String
        {
            do {
                _ = try Self.run(constraints, ensemble)
                return ""
            } catch { return "\(error)" }
        }
        let square = [(0, 1), (1, 2), (2, 3), (0, 3), (0, 2), (1, 3)].map { Constraints.Bond($0.0, $0.1) }
        #expect(refusal(Constraints(bonds: square)) == "", "six distances of a tetrahedron are independent")
        var fixed = FixedAtoms()
        try fixed.fix(0)
        try fixed.fix(1)
        #expect(refusal(Constraints(fixed: fixed, bonds: [.init(0, 1)])).contains("fixed atoms already"))
        #expect(refusal(Constraints(fixed: fixed, bodies: [[0, 2]])).contains("fixed and in a rigid group"))
        #expect(refusal(Constraints(bodies: [[0, 2], [2, 3]])).contains("two rigid groups"))
        #expect(
            refusal(Constraints(bonds: [.init(0, 2)], bodies: [[2, 3]])).contains("in a rigid group and in a bond"))
        #expect(refusal(Constraints(bonds: [.init(0, 1), .init(1, 0)])).contains("given twice"))
        #expect(refusal(Constraints(bonds: [.init(0, 40)])).contains("atoms of 1…32"))
        #expect(refusal(Constraints(bonds: [.init(0, 1, length: 9)])).contains("within 20 %"))
        #expect(refusal(Constraints(bodies: [[3]])).contains("at least two atoms"))
        let barostat = Ensemble.nptCellRescaling(
            timestep: .femtoseconds(4), temperature: .kelvin(40), time: .femtoseconds(200), target: .gigapascal(0),
            pressureTime: .femtoseconds(600), seed: 1)
        #expect(refusal(Constraints(bodies: [[0, 1]]), barostat).contains("barostat"))
        // A fifth atom that is held to four of a tetrahedron by three distances has a place; by four, too many.
        let five = square + [.init(4, 0), .init(4, 1), .init(4, 2)]
        #expect(refusal(Constraints(bonds: five)) == "")
        #expect(refusal(Constraints(bonds: five + [.init(4, 3)])).contains("kept by other bonds"))
    }

    @Test func hydrogenTakesMassFromItsNeighbour() throws {
        // Water and methane-like fragments.
        let h = Element("H")!
        let water = Structure(
            elements: [Element("O")!, h, h, Element("C")!, h],
            positions: [
                .zero, SIMD3(0.96, 0, 0), SIMD3(-0.24, 0.93, 0), SIMD3(0, 0, 4), SIMD3(0, 0, 5.09),
            ])
        let masses = try water.massesWithHydrogen(of: 3)
        let standard = water.elements.map(\.mass)
        #expect(masses[1] == 3 && masses[2] == 3 && masses[4] == 3)
        #expect(abs(masses[0] - (standard[0] - 2 * (3 - standard[1]))) < 1e-12)
        #expect(abs(masses.reduce(0, +) - standard.reduce(0, +)) < 1e-12)
        #expect(try water.bonds(between: nil, h).map { [$0.first, $0.second] } == [[0, 1], [0, 2], [3, 4]])
        #expect(try water.bonds(between: Element("C")!, h).count == 1)
        #expect(try water.molecules() == [[0, 1, 2], [3, 4]])
        #expect(throws: SimulationError.self) { try water.massesWithHydrogen(of: 8) }
    }
}
