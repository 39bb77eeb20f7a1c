import Atoms
import Compute
import Foundation
import Interactions
import Testing

@testable import Dynamics

/// Restraints and walls: forces and virial by finite differences, their places in a run.
@Suite struct BiasTests {
    private static let samples: [Restraint] = [
        Restraint(.position(atom: 2, place: SIMD3(0.3, 2.1, 3.1)), constant: 2),
        Restraint(.coordinate(.distance(0, 1), at: 3.1), constant: 3),
        Restraint(.coordinate(.distance(0, 7), at: 9), side: .below, constant: 3),
        Restraint(.coordinate(.angle(0, 1, 2), at: 0.7), constant: 1.5),
        Restraint(.coordinate(.dihedral(0, 1, 2, 7), at: 2.9), constant: 0.8),
        Restraint(.plane(atom: 3, normal: SIMD3(0.6, 0, 0.8), at: -1), side: .above, constant: 1.1),
        Restraint(.sphere(atom: 3, centre: SIMD3(1, 1, 1), radius: 2), side: .above, constant: 0.7),
    ]

    /// Eight atoms of argon off their places, in a cell with no right angle; some bonds go through its boundary.
    private static func structure() -> Structure {
        var structure = Samples.argon(1).repeated(2, 1, 1)
        let shear = Matrix3(SIMD3(1, 0.05, -0.03), SIMD3(0.02, 1.02, 0.1), SIMD3(-0.07, 0.04, 0.97))
        structure.cell!.vectors = structure.cell!.vectors * shear
        let random = Philox(seed: 4)
        structure.positions = structure.positions.enumerated().map { index, x in
            let noise = random.normals(at: Philox.counter(step: 0, index: index, stream: 9))
            return x * shear + SIMD3(noise.x, noise.y, noise.z) * 0.2
        }
        return structure
    }

    private static func motion(_ structure: Structure) throws -> Motion {
        var motion = try Motion(of: structure, parallelism: .serial)
        motion.result.reset(count: structure.count)
        return motion
    }

    private static func energy(_ restraint: Restraint, _ structure: Structure) throws -> Double {
        var motion = try motion(structure)
        return try Restraints([restraint], atomCount: 8, description: "").apply(to: &motion, atStep: 0)
    }

    @Test(arguments: samples.indices) func forcesAndVirialAreDerivatives(index: Int) throws {
        let restraint = Self.samples[index]
        let structure = Self.structure()
        var motion = try Self.motion(structure)
        let energy = try Restraints([restraint], atomCount: 8, description: "").apply(to: &motion, atStep: 0)
        #expect(energy > 1e-4 && motion.result.energy == energy)
        let h = 1e-5
        for atom in 0..<8 {
            for axis in 0..<3 {
                func moved(_ by: Double) throws -> Double {
                    var other = structure
                    other.positions[atom][axis] += by
                    return try Self.energy(restraint, other)
                }
                let slope = (try moved(h) - moved(-h)) / (2 * h)
                #expect(abs(slope + motion.result.forces[atom][axis]) < 1e-8, "\(restraint) \(atom) \(axis)")
            }
        }
        // Planes and spheres do not move with a cell, so that they have no part of the virial.
        for row in 0..<3 {
            for column in 0..<3 {
                func strained(_ by: Double) throws -> Double {
                    var strain = Matrix3.identity
                    strain[row, column] += by
                    var other = structure
                    other.cell!.vectors = other.cell!.vectors * strain
                    other.positions = other.positions.map { $0 * strain }
                    var own = restraint
                    switch own.quantity {
                    case .position(let atom, let place): own.quantity = .position(atom: atom, place: place * strain)
                    case .coordinate: break
                    case .plane, .sphere: return 0
                    }
                    return try Self.energy(own, other)
                }
                let slope = (try strained(h) - strained(-h)) / (2 * h)
                #expect(abs(slope + motion.result.virial[row, column]) < 1e-7, "\(restraint) \(row) \(column)")
            }
        }
    }

    /// Textbook values: four corners of a cube, and mirror images with the other sign.
    @Test func anglesHaveTheirValues() {
        let x = [SIMD3(1.0, 0, 0), SIMD3(0.0, 0, 0), SIMD3(0.0, 1, 0), SIMD3(0.0, 1, 1)]
        func value(_ coordinate: InternalCoordinate, _ x: [SIMD3<Double>]) -> Double {
            coordinate.value(at: x, in: nil).value
        }
        #expect(abs(value(.distance(0, 3), x) - 3.0.squareRoot()) < 1e-14)
        #expect(abs(value(.angle(0, 1, 2), x) - .pi / 2) < 1e-14)
        #expect(abs(abs(value(.dihedral(0, 1, 2, 3), x)) - .pi / 2) < 1e-14)
        // IUPAC: looking along the middle bond, the far end is clockwise of the near one.
        #expect(value(.dihedral(0, 1, 2, 3), x) < 0)
        #expect(value(.dihedral(0, 1, 2, 3), x.map { SIMD3($0.x, $0.y, -$0.z) }) > 0)
        let cis = [SIMD3(1.0, 0, 0), SIMD3(0.0, 0, 0), SIMD3(0.0, 1, 0), SIMD3(2.0, 1, 0)]
        #expect(abs(value(.dihedral(0, 1, 2, 3), cis)) < 1e-14)
    }

    /// The energy of the bias is part of what is conserved, and of the potential energy; a harmonic place holds the
    /// centre of mass, so that three more degrees of freedom move.
    @Test func energyIsConservedWithItsPart() throws {
        let restraints = [
            Restraint(.coordinate(.distance(0, 1), at: 3.2), constant: 0.5),
            Restraint(.position(atom: 5, place: Samples.argon().positions[5]), constant: 0.2),
            Restraint(.plane(atom: 9, normal: SIMD3(0, 0, 1), at: 0), side: .above, constant: 0.05),
        ]
        let run = try Simulation(
            of: Samples.argon(), under: Samples.lennardJones(), by: .velocityVerlet(timestep: .femtoseconds(4)),
            biases: [try Restraints(restraints, atomCount: 32, description: "three")], parallelism: .serial)
        #expect(run.degreesOfFreedom == 96)
        try run.drawVelocities(at: .kelvin(30), seed: 1)
        let start = run.conservedEnergy
        var energies: [Double] = []
        try run.advance(steps: 1500, every: 10) { frame in
            energies.append(frame.biasEnergy!)
            #expect(abs(frame.totalEnergy! - start) < 2e-3)
        }
        #expect(energies.max()! - energies.min()! > 0.01)
    }

    /// ½ k ⟨d²⟩ of a place is 3/2 kT in a field of nothing else: 800 independent atoms and times.
    @Test func aPlaceHoldsWithItsTemperature() throws {
        let structure = Samples.dimers(50)
        let restraints = structure.positions.enumerated().map {
            Restraint(.position(atom: $0.offset, place: $0.element), constant: 1.5)
        }
        let run = try Simulation(
            of: structure, under: Springs(constant: 0),
            by: .langevin(
                timestep: .femtoseconds(2), temperature: .kelvin(300), friction: .perFemtosecond(0.02), seed: 2),
            biases: [try Restraints(restraints, atomCount: 100, description: "")], parallelism: .serial)
        try run.advance(steps: 500)
        var (sum, samples) = (0.0, 0.0)
        try run.advance(steps: 150 * 60, every: 150) { frame in
            sum += frame.biasEnergy! / 150 / (Units.boltzmann * 300)
            samples += 300
        }
        #expect(abs(sum / 60 - 1) < 4.5 * (2 / samples).squareRoot(), "\(sum / 60)")
    }

    @Test func whatMakesNoSenseIsRefused() throws {
        func refusal(_ restraint: Restraint) -> String {
            do { _ = try Restraints([restraint], atomCount: 8, description: "") } catch { return "\(error)" }
            return ""
        }
        #expect(refusal(Restraint(.coordinate(.distance(0, 8), at: 1), constant: 1)).contains("atoms of 1…8"))
        #expect(refusal(Restraint(.coordinate(.angle(0, 1, 0), at: 1), constant: 1)).contains("different"))
        #expect(refusal(Restraint(.coordinate(.distance(0, 1), at: 1), constant: -1)).contains("at least 0"))
        #expect(throws: SimulationError.self) {
            try Simulation(
                of: Samples.argon(), under: Samples.lennardJones(),
                by: .nph(
                    timestep: .femtoseconds(4), target: .gigapascal(0), pressureTime: .femtoseconds(500)),
                biases: [
                    try Restraints(
                        [Restraint(.position(atom: 0, place: .zero), constant: 1)], atomCount: 32, description: "one")
                ], parallelism: .serial)
        }
        #expect(throws: SimulationError.self) {
            try Plumed(
                .init(input: "/nowhere", log: "log"), kernel: "/nowhere.so", masses: [1], timestep: .femtoseconds(1))
        }
    }
}
