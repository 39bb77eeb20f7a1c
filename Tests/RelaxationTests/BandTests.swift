import Atoms
import Compute
import Foundation
import Interactions
import Testing

@testable import Relaxation

/// Paths of least energy whose saddle points are known.
@Suite struct BandTests {
    /// One atom in the plane on the surface of Müller and Brown, Theor. Chim. Acta 53, 75 (1979), in units of 0.02 eV
    /// and with harmonic forces along z.
    private final class MuellerBrown: Interaction {
        static let unit = 0.02
        let cutoff = 1.0
        private let a = [-200.0, -100, -170, 15]
        private let xx = [-1, -1, -6.5, 0.7]
        private let xy = [0, 0, 11, 0.6]
        private let yy = [-10, -10, -6.5, 0.7]
        private let x0 = [1, 0, -0.5, -1]
        private let y0 = [0, 0.5, 1.5, 1]

        func check(elements: [Element]) {}

        func evaluate(_ configuration: Configuration, into result: inout InteractionResult) {
            result.reset(count: 1)
            let r = configuration.positions[0]
            for k in 0..<4 {
                let (x, y) = (r.x - x0[k], r.y - y0[k])
                let exponent: Double = xx[k] * x * x + xy[k] * x * y + yy[k] * y * y
                let e: Double = Self.unit * a[k] * exp(exponent)
                result.energy += e
                let dx: Double = 2 * xx[k] * x + xy[k] * y
                let dy: Double = xy[k] * x + 2 * yy[k] * y
                result.forces[0] -= SIMD3(dx * e, dy * e, 0)
            }
            result.energy += 5 * r.z * r.z
            result.forces[0].z -= 10 * r.z
        }
    }

    private static let argon = Element("Ar")!

    private static func atom(_ x: Double, _ y: Double) -> Structure {
        Structure(elements: [argon], positions: [SIMD3(x, y, 0)])
    }

    private static func climbing(
        _ method: BandSettings.Method, tolerance: Double, spring: Double, iterations: Int
    ) -> BandSettings {
        var settings = BandSettings()
        settings.method = method
        settings.climbs = true
        settings.forceTolerance = tolerance
        settings.springConstant = spring
        settings.maximumIterations = iterations
        return settings
    }

    @Test(arguments: BandSettings.Method.allCases)
    func theHighestSaddleOfMuellerAndBrownIsFound(_ method: BandSettings.Method) throws {
        let evaluator = Evaluator(MuellerBrown(), parallelism: .serial)
        let settings = Self.climbing(method, tolerance: 1e-3, spring: 2, iterations: 3000)
        let path = try InitialPath(
            from: Self.atom(-0.558224, 1.441726), to: Self.atom(0.623499, 0.028038), images: 11, .linear)
        let band = try NudgedElasticBand(evaluator, settings: settings).run(path)
        #expect(band.isConverged)
        let top = try #require(band.climbing)
        // Saddle and minima as published with the surface, to the digits that are usually given.
        #expect(abs(band.energies[top] / MuellerBrown.unit + 40.6648) < 1e-2)
        #expect(norm(band.images[top].positions[0] - SIMD3(-0.822, 0.624, 0)) < 2e-3)
        #expect(abs(band.forwardBarrier / MuellerBrown.unit - (146.6995 - 40.6648)) < 2e-2)
        #expect(abs(band.backwardBarrier / MuellerBrown.unit - (108.1667 - 40.6648)) < 2e-2)
        // Forces along the path are what its energies say.
        for image in 1..<band.images.count {
            let width = band.lengths[image] - band.lengths[image - 1]
            let mean = (band.slopes[image] + band.slopes[image - 1]) / 2
            #expect(abs((band.energies[image] - band.energies[image - 1]) / width - mean) < 1.2)
        }
    }

    /// A face-centred cube of 31 atoms and a vacancy, which an atom next to it fills.
    private static func vacancy(wrapped: Bool = false) -> (Structure, Structure) {
        let a = 5.25
        var sites: [SIMD3<Double>] = []
        for i in 0..<2 {
            for j in 0..<2 {
                for k in 0..<2 {
                    for base in [SIMD3(0.0, 0, 0), SIMD3(0, 0.5, 0.5), SIMD3(0.5, 0, 0.5), SIMD3(0.5, 0.5, 0)] {
                        sites.append((base + SIMD3(Double(i), Double(j), Double(k))) * a)
                    }
                }
            }
        }
        // The vacancy is at the origin; the atom comes from one of its twelve neighbours.
        var positions = Array(sites.dropFirst())
        let cell = Cell(Matrix3(diagonal: SIMD3(2 * a, 2 * a, 2 * a)))
        let start = Structure(elements: Array(repeating: argon, count: 31), positions: positions, cell: cell)
        positions[0] = wrapped ? SIMD3(2 * a, 2 * a, 2 * a) : .zero
        return (start, Structure(elements: start.elements, positions: positions, cell: cell))
    }

    private static func relaxed(_ structures: [Structure], _ evaluator: Evaluator) -> [Structure] {
        var settings = RelaxationSettings()
        settings.forceTolerance = 1e-4
        return Relaxation(evaluator, settings: settings, energyNoise: 1e-13).run(structures).map(\.structure)
    }

    @Test func aVacancyInArgonMovesOverASymmetricBarrier() throws {
        let evaluator = Evaluator(try LennardJones.argon(parallelism: .serial), parallelism: .serial)
        var barriers: [Double] = []
        for (method, interpolation, wrapped) in [
            (BandSettings.Method.lbfgs, InitialPath.Interpolation.idpp, false), (.lbfgs, .linear, true),
            (.fire, .idpp, true),
        ] {
            let ends = Self.vacancy(wrapped: wrapped)
            var relaxed = Self.relaxed([ends.0, ends.1], evaluator)
            if wrapped { relaxed[1].positions[0] += ends.1.cell!.vectors.rows.1 }
            var settings = Self.climbing(method, tolerance: 2e-4, spring: 0.1, iterations: 2000)
            settings.climbingThreshold = 0.01
            let path = try InitialPath(from: relaxed[0], to: relaxed[1], images: 5, interpolation)
            let band = try NudgedElasticBand(evaluator, settings: settings).run(path)
            #expect(band.isConverged, "\(method) \(interpolation)")
            #expect(band.climbing == 3)
            #expect(abs(band.reactionEnergy) < 1e-6)
            for image in 0..<7 { #expect(abs(band.energies[image] - band.energies[6 - image]) < 3e-4) }
            barriers.append(band.forwardBarrier)
            // At the saddle point all forces vanish.
            #expect(band.images[3].forces!.map(norm).max()! < 3e-4)
        }
        #expect(barriers.max()! - barriers.min()! < 1e-5)
        #expect(barriers[0] > 0.02)
    }

    /// Three atoms that nothing holds, one of which goes through between the others. They could turn on the way at no
    /// cost; the images lie on no such detour.
    @Test(arguments: BandSettings.Method.allCases)
    func aClusterDoesNotTurnOnItsPath(_ method: BandSettings.Method) throws {
        let evaluator = Evaluator(try LennardJones.argon(parallelism: .serial), parallelism: .serial)
        func trimer(_ x: Double) -> Structure {
            Structure(
                elements: Array(repeating: Self.argon, count: 3),
                positions: [SIMD3(0, 1.91, 0), SIMD3(0, -1.91, 0), SIMD3(x, 0, 0)])
        }
        let ends = Self.relaxed([trimer(3.31), trimer(-3.31)], evaluator)
        let settings = Self.climbing(method, tolerance: 1e-4, spring: 0.1, iterations: 1000)
        let path = try InitialPath(from: ends[0], to: ends[1], images: 7, .idpp)
        let band = try NudgedElasticBand(evaluator, settings: settings).run(path)
        #expect(band.isConverged)
        #expect(band.climbing == 4)
        let saddle = band.images[4].positions
        // In a line, with a bond of the others' distance broken: 3 ε to nearly 2 ε.
        #expect(norm(saddle[2] * 2 - saddle[0] - saddle[1]) < 1e-2)
        let epsilon = 119.8 * Units.boltzmann
        #expect(abs(band.forwardBarrier - epsilon * (3 - 2.031)) < 2e-4)
        #expect(abs(band.forwardBarrier - band.backwardBarrier) < 1e-7)
        // No longer than straight lines from the triangle to the line and on, by what the bonds allow.
        #expect(band.lengths[8] < 1.05 * 2 * 4.68)
        for image in 1..<9 {
            #expect(abs(band.lengths[image] - band.lengths[image - 1] - band.lengths[8] / 8) < 0.05)
        }
    }

    @Test func fixedAtomsStayAndStructuresThatAreNoPathAreRefused() throws {
        let ends = Self.vacancy()
        let evaluator = Evaluator(try LennardJones.argon(parallelism: .serial), parallelism: .serial)
        var settings = BandSettings()
        settings.fixedAtoms = [20, 21]
        settings.maximumIterations = 5
        let path = try InitialPath(from: ends.0, to: ends.1, images: 3, .idpp, fixed: [20, 21])
        let band = try NudgedElasticBand(evaluator, settings: settings).run(path)
        #expect(band.iterations <= 5 && band.evaluations == 2 + band.iterations * 3)
        for image in band.images {
            for atom in [20, 21] { #expect(image.positions[atom] == ends.0.positions[atom]) }
        }
        var other = ends.1
        other.elements[3] = Element("Ne")!
        #expect(throws: InitialPath.Problem.self) { try InitialPath([ends.0, other]) }
        other = ends.1
        other.cell!.vectors = other.cell!.vectors * 1.01
        #expect(throws: InitialPath.Problem.self) { try InitialPath([ends.0, other]) }
        #expect(throws: InitialPath.Problem.self) { try InitialPath([ends.0, ends.0]) }
    }

    /// Two atoms that would run through each other along straight lines.
    @Test func interpolatedDistancesKeepAtomsApart() throws {
        let start = Structure(elements: [Self.argon, Self.argon], positions: [SIMD3(0, 0, 0), SIMD3(2, 0.05, 0)])
        let end = Structure(elements: [Self.argon, Self.argon], positions: [SIMD3(2, 0, 0), SIMD3(0, 0.05, 0)])
        let linear = try InitialPath(from: start, to: end, images: 5, .linear)
        let even = try InitialPath(from: start, to: end, images: 5, .idpp)
        func closest(_ path: InitialPath) -> Double {
            path.images.map { norm($0.positions[1] - $0.positions[0]) }.min()!
        }
        #expect(closest(linear) < 0.1)
        #expect(closest(even) > 1.6)
    }

    @Test func theShortestImageIsFoundInObliqueCells() {
        var random = 0.5
        func next() -> Double {
            random = (random * 997.7).truncatingRemainder(dividingBy: 1)
            return random
        }
        let cell = Cell(Matrix3(SIMD3(5, 0, 0), SIMD3(2.4, 4, 0), SIMD3(-2, 1.7, 4.5)), periodic: (true, true, false))
        for _ in 0..<50 {
            let d = SIMD3(next() - 0.5, next() - 0.5, next() - 0.5) * 20
            var best = Double.infinity
            for i in -9...9 {
                for j in -9...9 {
                    let image = d + cell.vectors.rows.0 * Double(i) + cell.vectors.rows.1 * Double(j)
                    best = min(best, norm(image))
                }
            }
            #expect(abs(norm(cell.shortest(d)) - best) < 1e-9)
        }
    }
}
