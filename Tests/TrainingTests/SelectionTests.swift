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

    /// - Parameter most: bytes that may stay in memory.
    private static func choice(
        _ count: Int, of vectors: [[Float]], by rule: DiverseChoice.Rule, tolerance: Double, threads: Int = 1,
        most: Int = 1 << 20
    ) throws -> DiverseChoice {
        let path = NSTemporaryDirectory() + "/choice"
        let store = VectorStore<Float>(width: vectors[0].count, beside: path, most: most)
        for vector in vectors { try store.append(vector) }
        return try DiverseChoice(
            count, of: store, by: rule, tolerance: tolerance, beside: path, parallelism: Parallelism(threads: threads)
        )
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
    @Test func theFarthestIsTaken() throws {
        let points: [[Float]] = [0, 1, 2, 3, 4, 10, 9.99999].map { [$0] }
        let choice = try Self.choice(4, of: points, by: .farthest, tolerance: 1e-3)
        // The mean is 4.3, so 4 comes first; then 10 (the first of the two), 0, and 2.
        #expect(choice.chosen == [4, 5, 0, 2] && choice.distances == [6, 4, 2])
        #expect(choice.radius == 1 && choice.duplicates == 1)
        let all = try Self.choice(7, of: points, by: .farthest, tolerance: 1e-3)
        #expect(all.chosen.count == 6 && all.duplicates == 1)
        #expect(Array(all.chosen.prefix(4)) == choice.chosen)
    }

    /// Each choice makes the volume that the chosen vectors span as large as one more can.
    @Test func leverageMakesVolumesLarge() throws {
        let random = Philox(seed: 3)
        let vectors: [[Float]] = (0..<40).map { index in
            let u = random.uniforms(at: Philox.counter(step: 0, index: index, stream: 0))
            return [Float(u.x), Float(u.y - 0.5), Float(u.z - 0.5)]
        }
        let choice = try Self.choice(3, of: vectors, by: .leverage, tolerance: 0)
        func vector(_ index: Int) -> SIMD3<Double> {
            SIMD3(Double(vectors[index][0]), Double(vectors[index][1]), Double(vectors[index][2]))
        }
        let (a, b) = (vector(choice.chosen[0]), vector(choice.chosen[1]))
        #expect(vectors.indices.allSatisfy { norm(vector($0)) <= norm(a) })
        let area = norm(cross(a, b))
        #expect(vectors.indices.allSatisfy { norm(cross(a, vector($0))) <= area + 1e-6 })
        let volume = abs(dot(cross(a, b), vector(choice.chosen[2])))
        #expect(vectors.indices.allSatisfy { abs(dot(cross(a, b), vector($0))) <= volume + 1e-6 })
        let serial = try Self.choice(20, of: vectors, by: .leverage, tolerance: 0).chosen
        #expect(try Self.choice(20, of: vectors, by: .leverage, tolerance: 0, threads: 2).chosen == serial)
        // 24 bytes: two vectors in memory, the others in a file.
        #expect(try Self.choice(20, of: vectors, by: .leverage, tolerance: 0, most: 24).chosen == serial)
    }

    /// Greedy choices by all distances, as the definition says, whether vectors are in memory or in a file.
    @Test func choicesAreThoseOfAllDistances() throws {
        let random = Philox(seed: 5)
        // Clusters, so that most vectors are far nearer to their own than to another.
        let vectors: [[Float]] = (0..<600).map { index in
            let u = random.uniforms(at: Philox.counter(step: 0, index: index, stream: 0))
            let v = random.uniforms(at: Philox.counter(step: 1, index: index % 7, stream: 0))
            return [Float(v.x + 0.02 * u.x), Float(v.y + 0.02 * u.y), Float(v.z + 0.02 * u.z)]
        }
        let first = try Self.choice(1, of: vectors, by: .farthest, tolerance: 0).chosen[0]
        var expected = [first]
        while expected.count < 60 {
            let far = vectors.map { vector in
                // In single precision, as they are compared.
                expected.map { zip(vector, vectors[$0]).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
                    .min()!
            }
            expected.append(far.indices.max { (far[$0], $1) < (far[$1], $0) }!)
        }
        for most in [1 << 20, 100] {
            #expect(try Self.choice(60, of: vectors, by: .farthest, tolerance: 0, most: most).chosen == expected)
        }
    }

    @Test func vectorsAreReadBackWhereverTheyAre() throws {
        for most in [1, 40, 1 << 20] {
            let store = VectorStore<Double>(width: 3, beside: NSTemporaryDirectory() + "/vectors", most: most)
            for k in 0..<10 { try store.append([Double(k), 0.5, -Double(k)]) }
            for range in [0..<10, 2..<3, 4..<4, 7..<10] {
                #expect(try store.rows(range) == range.flatMap { [Double($0), 0.5, -Double($0)] })
            }
            try store.replace(5..<10, by: (0..<15).map { Double($0) })
            #expect(try store.rows(3..<10) == [3, 0.5, -3, 4, 0.5, -4] + (0..<15).map { Double($0) })
            #expect(store.blocks(of: 48) == [0..<2, 2..<4, 4..<6, 6..<8, 8..<10])
        }
    }
}
