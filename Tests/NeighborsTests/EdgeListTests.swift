import Atoms
import Compute
import Foundation
import TestSupport
import Testing

@testable import Neighbors

@Suite struct EdgeListTests {
    /// Vectors agree within the rounding of wrapped coordinates of at most 1e9 Å.
    private func expectSame(_ edges: EdgeList, _ expected: BruteForce, tolerance: Double, _ note: Comment) {
        #expect(edges.receivers == expected.receivers, note)
        #expect(edges.sources == expected.sources, note)
        guard edges.count == expected.vectors.count else { return }
        var worst = 0.0
        for e in 0..<edges.count {
            worst = max(worst, norm(SIMD3(edges.x[e], edges.y[e], edges.z[e]) - expected.vectors[e]))
        }
        #expect(worst <= tolerance, note)
    }

    @Test func edgesAreThoseOfTheDoubleLoop() throws {
        var random = SplitMix64(1)
        var total = 0
        for trial in 0..<3000 {
            let s = RandomStructure(&random)
            let edges = try EdgeList(positions: s.positions, cell: s.cell, cutoffs: Cutoffs(s.cutoff))
            let expected = BruteForce(s.positions, s.cell, cutoff: { _, _ in s.cutoff }, longest: s.cutoff)
            expectSame(edges, expected, tolerance: 1e-12, "trial \(trial)")
            expectTransposed(edges)
            total += edges.count
        }
        #expect(total > 100_000)
    }

    @Test func cutoffsMayDifferByPairOfTypes() throws {
        var random = SplitMix64(2)
        for trial in 0..<300 {
            let s = RandomStructure(&random)
            let matrix = (0..<3).map { _ in
                (0..<3).map { _ in
                    Double.random(in: 0...1, using: &random) < 0.2 ? 0 : .random(in: 0...s.cutoff, using: &random)
                }
            }
            let types = s.positions.map { _ in Int.random(in: 0..<3, using: &random) }
            let edges = try EdgeList(
                positions: s.positions, cell: s.cell, cutoffs: Cutoffs(matrix: matrix), types: types)
            let expected = BruteForce(
                s.positions, s.cell, cutoff: { matrix[types[$0]][types[$1]] }, longest: s.cutoff)
            expectSame(edges, expected, tolerance: 1e-12, "trial \(trial)")
            expectTransposed(edges)
        }
    }

    @Test func largerStructuresAgreeToo() throws {
        var random = SplitMix64(3)
        for (count, cell) in [
            (400, Cell(Matrix3(SIMD3(20, 0, 0), SIMD3(6, 18, 0), SIMD3(-5, 4, 17)))),
            (300, Cell(Matrix3(SIMD3(0, 30, 0), SIMD3(25, 0, 3), SIMD3(0, 0, 9)), periodic: (true, false, true))),
            (300, nil),
        ] {
            var positions = (0..<count).map { _ in random.vector(-15...15) }
            if cell == nil {
                // Two clusters and a few atoms far apart: mostly empty space.
                for i in 0..<100 { positions[i] += SIMD3(1e5, -3e5, 2e4) }
                positions[5] = SIMD3(1e9, 0, 0)
                positions[6] = SIMD3(-1e9, 5e8, 0)
            }
            let edges = try EdgeList(positions: positions, cell: cell, cutoffs: Cutoffs(4))
            expectSame(
                edges, BruteForce(positions, cell, cutoff: { _, _ in 4 }, longest: 4), tolerance: 1e-12, "\(count)")
            expectTransposed(edges)
        }
    }

    @Test func edgesAreThoseOfASE() throws {
        struct Case: Decodable {
            var name: String
            var cutoff: Double
            var cell: [[Double]]?
            var pbc: [Bool]
            var positions: [[Double]]
            var receivers: [Int32]
            var sources: [Int32]
            var vectors: [[Double]]
        }
        let url = Bundle.module.resourceURL!.appending(path: "Data/references.json")
        let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: url))
        #expect(cases.count == 7)
        for c in cases {
            let cell = c.cell.map {
                Cell(Matrix3(elements: $0.flatMap { $0 }), periodic: (c.pbc[0], c.pbc[1], c.pbc[2]))
            }
            let edges = try EdgeList(
                positions: c.positions.map { SIMD3($0) }, cell: cell, cutoffs: Cutoffs(c.cutoff))
            #expect(edges.receivers == c.receivers, "\(c.name)")
            #expect(edges.sources == c.sources, "\(c.name)")
            guard edges.count == c.vectors.count else { continue }
            for e in 0..<edges.count {
                // The file holds ten decimals.
                #expect(norm(SIMD3(edges.x[e], edges.y[e], edges.z[e]) - SIMD3(c.vectors[e])) < 2e-10, "\(c.name)")
            }
        }
    }

    @Test func noAtomsAndLoneAtomsHaveNoEdges() throws {
        for positions in [[], [SIMD3(1.0, 2, 3)]] {
            for cell in [nil, Cell(Matrix3(diagonal: SIMD3(20, 20, 20)))] {
                let edges = try EdgeList(positions: positions, cell: cell, cutoffs: Cutoffs(5))
                #expect(edges.count == 0)
                #expect(edges.offsets == Array(repeating: 0, count: positions.count + 1))
                #expect(edges.transposedOffsets == edges.offsets)
            }
        }
    }

    @Test func wholeLatticeVectorsChangeNothing() throws {
        var random = SplitMix64(4)
        let cell = Cell(Matrix3(SIMD3(0, 2.715, 2.715), SIMD3(2.715, 0, 2.715), SIMD3(2.715, 2.715, 0)))
        let positions = [SIMD3(0.1, 0.2, 0.3), SIMD3(1.3875, 1.3575, 1.3275)]
        let moved = positions.map {
            $0 + (random.vector(-2000...2000).rounded(.toNearestOrEven)) * cell.vectors
        }
        let a = try EdgeList(positions: positions, cell: cell, cutoffs: Cutoffs(6))
        let b = try EdgeList(positions: moved, cell: cell, cutoffs: Cutoffs(6))
        #expect(a.sources == b.sources && a.offsets == b.offsets)
        // 2000 lattice vectors of 3.8 Å round to 1e-12 Å.
        for e in 0..<a.count { #expect(abs(a.x[e] - b.x[e]) + abs(a.y[e] - b.y[e]) + abs(a.z[e] - b.z[e]) < 1e-11) }
    }

    @Test func coordinatesThatAreNoNumbersAreRefused() {
        for bad in [Double.nan, .infinity, 1e300] {
            #expect(throws: NeighborError.self) {
                _ = try EdgeList(positions: [SIMD3(0, 0, 0), SIMD3(0, bad, 0)], cell: nil, cutoffs: Cutoffs(5))
            }
        }
        let flat = Cell(Matrix3(SIMD3(1, 0, 0), SIMD3(2, 0, 0), SIMD3(0, 0, 1)))
        #expect(throws: NeighborError.self) {
            _ = try EdgeList(positions: [.zero], cell: flat, cutoffs: Cutoffs(5))
        }
        let thin = Cell(Matrix3(diagonal: SIMD3(1e-3, 1e-3, 1e-3)))
        #expect(throws: NeighborError.self) {
            _ = try EdgeList(positions: [.zero], cell: thin, cutoffs: Cutoffs(5))
        }
    }
}

/// `transposed` lists every edge once, by source and then in the order of the edges.
func expectTransposed(_ edges: EdgeList) {
    let order = (0..<Int32(edges.count)).sorted {
        (edges.sources[Int($0)], $0) < (edges.sources[Int($1)], $1)
    }
    #expect(edges.transposed == order)
    for j in 0..<edges.atomCount {
        let row = Int(edges.transposedOffsets[j])..<Int(edges.transposedOffsets[j + 1])
        #expect(row.allSatisfy { edges.sources[Int(edges.transposed[$0])] == Int32(j) })
    }
    #expect(edges.transposedOffsets.last == Int32(edges.count))
}
