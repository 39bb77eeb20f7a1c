import Atoms
import Compute
import Foundation
import TestSupport
import Testing

@testable import Neighbors

@Suite struct VerletListTests {
    private func expectIdentical(_ a: EdgeList, _ b: EdgeList, _ note: Comment) {
        #expect(a.offsets == b.offsets && a.receivers == b.receivers && a.sources == b.sources, note)
        #expect(a.x == b.x && a.y == b.y && a.z == b.z, note)
        #expect(a.transposedOffsets == b.transposedOffsets && a.transposed == b.transposed, note)
    }

    @Test func everyStepEqualsAFreshSearchBitForBit() throws {
        var random = SplitMix64(11)
        var steps = 0
        var rebuilds = 0
        for walk in 0..<60 {
            let s = RandomStructure(&random)
            var positions = s.positions
            var cell = s.cell
            let skin = Double.random(in: 0...1.5, using: &random)
            let isDeforming = walk % 3 == 0
            let drift = random.vector(-0.2...0.2)
            var list = VerletList(cutoffs: Cutoffs(s.cutoff), skin: skin)
            for step in 0..<60 {
                for i in positions.indices { positions[i] += random.vector(-0.06...0.06) + drift }
                if isDeforming, let old = cell {
                    // Cell and atoms together, as a barostat moves them.
                    let strain = Matrix3(
                        random.vector(-0.003...0.003), random.vector(-0.003...0.003), random.vector(-0.003...0.003))
                    let deformation = Matrix3.identity + strain
                    cell!.vectors = old.vectors * deformation
                    for i in positions.indices { positions[i] = positions[i] * deformation }
                }
                try list.update(positions: positions, cell: cell)
                let fresh = try EdgeList(positions: positions, cell: cell, cutoffs: Cutoffs(s.cutoff))
                expectIdentical(list.edges, fresh, "walk \(walk), step \(step)")
                steps += 1
            }
            rebuilds += list.rebuildCount
        }
        #expect(rebuilds < steps)
    }

    @Test func candidatesServeManySteps() throws {
        var random = SplitMix64(12)
        let cell = Cell(Matrix3(diagonal: SIMD3(15, 15, 15)))
        var positions = (0..<150).map { _ in random.vector(0...15) }
        var list = VerletList(cutoffs: Cutoffs(4), skin: 1)
        for _ in 0..<100 {
            for i in positions.indices { positions[i] += random.vector(-0.02...0.02) }
            try list.update(positions: positions, cell: cell)
        }
        #expect((1...15).contains(list.rebuildCount))
        try list.update(positions: positions, cell: cell)
        let count = list.rebuildCount
        list.invalidate()
        try list.update(positions: positions, cell: cell)
        #expect(list.rebuildCount == count + 1)
    }

    @Test func threadsDoNotChangeABit() throws {
        var random = SplitMix64(13)
        let cell = Cell(Matrix3(SIMD3(40, 0, 0), SIMD3(3, 42, 0), SIMD3(-4, 5, 38)))
        var positions = (0..<6000).map { _ in random.vector(0...40) }
        let types = positions.indices.map { $0 % 2 }
        let cutoffs = Cutoffs(matrix: [[4, 3], [3.5, 2]])
        var lists = [1, 2, 3, 7].map {
            VerletList(cutoffs: cutoffs, skin: 0.5, types: types, parallelism: Parallelism(threads: $0))
        }
        for _ in 0..<5 {
            for i in positions.indices { positions[i] += random.vector(-0.1...0.1) }
            for k in lists.indices { try lists[k].update(positions: positions, cell: cell) }
            for k in 1..<lists.count { expectIdentical(lists[0].edges, lists[k].edges, "\(k)") }
        }
    }

    @Test func numberOfAtomsCellAndPeriodicityMayChange() throws {
        var random = SplitMix64(14)
        var list = VerletList(cutoffs: Cutoffs(3), skin: 1)
        for _ in 0..<200 {
            let s = RandomStructure(&random)
            try list.update(positions: s.positions, cell: s.cell)
            let fresh = try EdgeList(positions: s.positions, cell: s.cell, cutoffs: Cutoffs(3))
            expectIdentical(list.edges, fresh, "")
        }
    }

    @Test func aFailedUpdateLeavesTheListUsable() throws {
        var list = VerletList(cutoffs: Cutoffs(3), skin: 1)
        let good = [SIMD3(0.0, 0, 0), SIMD3(1.0, 1, 0)]
        try list.update(positions: good, cell: nil)
        #expect(throws: NeighborError.self) { try list.update(positions: [good[0], SIMD3(.nan, 0, 0)], cell: nil) }
        try list.update(positions: good, cell: nil)
        #expect(list.edges.count == 2)
    }

    /// Prints µs per atom for silicon; set APUS_TIMING to run it.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["APUS_TIMING"] != nil))
    func timing() throws {
        for (cells, threads) in [(4, 1), (11, 1), (50, 1), (50, 2)] {
            var random = SplitMix64(15)
            let basis: [SIMD3<Double>] = [
                SIMD3(0, 0, 0), SIMD3(0, 2, 2), SIMD3(2, 0, 2), SIMD3(2, 2, 0),
                SIMD3(1, 1, 1), SIMD3(1, 3, 3), SIMD3(3, 1, 3), SIMD3(3, 3, 1),
            ]
            var positions: [SIMD3<Double>] = []
            for a in 0..<cells {
                for b in 0..<cells {
                    for c in 0..<cells {
                        for atom in basis {
                            positions.append(
                                (SIMD3(Double(a), Double(b), Double(c)) + atom / 4) * 5.43 + random.vector(-0.1...0.1)
                            )
                        }
                    }
                }
            }
            let cell = Cell(Matrix3(diagonal: SIMD3(repeating: 5.43 * Double(cells))))
            var list = VerletList(cutoffs: Cutoffs(5), skin: 1, parallelism: Parallelism(threads: threads))
            let count = positions.count
            let repeats = max(3, 200_000 / count)
            var (steps, rebuilds): (Duration, Duration) = (.seconds(1000), .seconds(1000))
            let clock = ContinuousClock()
            try list.update(positions: positions, cell: cell)
            for _ in 0..<repeats {
                positions[0].x += 1e-4
                steps = min(steps, try clock.measure { try list.update(positions: positions, cell: cell) })
            }
            for _ in 0..<max(3, repeats / 10) {
                list.invalidate()
                rebuilds = min(rebuilds, try clock.measure { try list.update(positions: positions, cell: cell) })
            }
            let perAtom = 1e6 / Double(count)
            print(
                "\(count) atoms, \(threads) threads, \(Double(list.edges.count) / Double(count)) neighbours: "
                    + "step \(steps / .seconds(1) * perAtom) µs/atom, rebuild \(rebuilds / .seconds(1) * perAtom) µs/atom"
            )
        }
    }
}
