import Atoms
import Compute
import Foundation
import Testing

@testable import DataSets

/// What structures are chosen by: descriptors that symmetry does not change, and choices that are what they say.
@Suite struct DiverseStructures {
    private static func distance(_ a: [Float], _ b: [Float]) -> Double {
        zip(a, b).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }.squareRoot()
    }

    @Test func spectraDoNotTurn() throws {
        let spectrum = PowerSpectrum(cutoff: 4.5, elements: [Samples.hydrogen, Samples.carbon])
        for structure in [Samples.crystal, Samples.molecule] {
            let vector = try spectrum(structure)
            #expect(vector.count == spectrum.count && vector.allSatisfy(\.isFinite))
            // Turned, mirrored, shifted, renumbered, and repeated.
            let (c, s) = (cos(0.7), sin(0.7))
            let turn = Matrix3(SIMD3(c, s, 0), SIMD3(-s, c, 0), SIMD3(0, 0, -1))
            var other = structure
            other.positions = structure.positions.map { ($0 + SIMD3(0.3, -2, 1)) * turn }
            if let cell = structure.cell {
                other.cell = Cell(cell.vectors * turn)
                other.cell?.isPeriodic = cell.isPeriodic
            }
            let order = Array(structure.positions.indices.reversed())
            other.positions = order.map { other.positions[$0] }
            other.elements = order.map { structure.elements[$0] }
            #expect(Self.distance(vector, try spectrum(other)) < 1e-5)
            if structure.cell != nil {
                #expect(Self.distance(vector, try spectrum(structure.repeated(2, 1, 1))) < 1e-5)
            }
            // Displaced, it is another, and continuously so.
            var moved = structure
            moved.positions[0].x += 0.1
            var slightly = structure
            slightly.positions[0].x += 1e-4
            #expect(Self.distance(vector, try spectrum(moved)) > 1e-3)
            #expect(Self.distance(vector, try spectrum(slightly)) < 1e-2 * Self.distance(vector, try spectrum(moved)))
        }
    }

    /// Points on a line: by hand.
    @Test func theFarthestIsTaken() {
        let points: [[Float]] = [0, 1, 2, 3, 4, 10, 10.00001].map { [$0] }
        let choice = DiverseChoice(4, of: points, by: .farthest, tolerance: 1e-3, parallelism: .serial)
        // The mean is 4.3, so 4 comes first; then 10 (the first of the two), 0, and 2.
        #expect(choice.chosen == [4, 5, 0, 2] && choice.distances == [6, 4, 2])
        #expect(choice.radius == 1 && choice.duplicates == 1)
        let all = DiverseChoice(7, of: points, by: .farthest, tolerance: 1e-3, parallelism: .serial)
        #expect(all.chosen.count == 6 && all.duplicates == 1)
        #expect(Array(all.chosen.prefix(4)) == choice.chosen)
    }

    /// Each choice makes the volume that the chosen vectors span as large as one more can.
    @Test func leverageMakesVolumesLarge() {
        let random = Philox(seed: 3)
        let vectors: [[Float]] = (0..<40).map { index in
            let u = random.uniforms(at: Philox.counter(step: 0, index: index, stream: 0))
            return [Float(u.x), Float(u.y - 0.5), Float(u.z - 0.5)]
        }
        let choice = DiverseChoice(3, of: vectors, by: .leverage, tolerance: 0, parallelism: .serial)
        func vector(_ index: Int) -> SIMD3<Double> {
            SIMD3(Double(vectors[index][0]), Double(vectors[index][1]), Double(vectors[index][2]))
        }
        let (a, b) = (vector(choice.chosen[0]), vector(choice.chosen[1]))
        #expect(vectors.indices.allSatisfy { norm(vector($0)) <= norm(a) })
        let area = norm(cross(a, b))
        #expect(vectors.indices.allSatisfy { norm(cross(a, vector($0))) <= area + 1e-6 })
        let volume = abs(dot(cross(a, b), vector(choice.chosen[2])))
        #expect(vectors.indices.allSatisfy { abs(dot(cross(a, b), vector($0))) <= volume + 1e-6 })
        let threaded = DiverseChoice(
            20, of: vectors, by: .leverage, tolerance: 0, parallelism: Parallelism(threads: 2))
        #expect(
            threaded.chosen
                == DiverseChoice(20, of: vectors, by: .leverage, tolerance: 0, parallelism: .serial).chosen)
    }
}
