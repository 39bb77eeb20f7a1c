import Atoms
import Testing

@testable import Neighbors

/// Neighbours that another program found.
@Suite struct HostNeighborsTests {
    /// Two atoms and an image of the first; every pair, and one beyond the cutoff.
    private struct Host {
        var positions: [Double] = [0, 0, 0, 1, 0, 0, 3, 0, 0]
        var first: [Int64] = [0, 2, 4]
        var neighbors: [Int32] = [1, 2, 0, 2]
        var owners: [Int32]? = [0, 1, 0]
        var keepsGhosts = false

        func edges(cutoff: Double = 2.5) throws -> EdgeList {
            var edges = EdgeList()
            func update(_ owners: UnsafePointer<Int32>?) throws {
                try edges.update(
                    from: HostNeighbors(
                        atoms: 2, ghosts: 1, positions: positions, first: first, neighbors: neighbors, owners: owners,
                        keepsGhosts: keepsGhosts), cutoff: cutoff, .serial)
            }
            if let owners {
                try owners.withUnsafeBufferPointer { try update($0.baseAddress) }
            } else {
                try update(nil)
            }
            return edges
        }
    }

    @Test func imagesStandForTheirAtoms() throws {
        let edges = try Host().edges()
        #expect(edges.sourceCount == 2)
        #expect(edges.receivers == [0, 1, 1] && edges.sources == [1, 0, 0] && edges.x == [1, -1, 2])
        #expect(edges.transposedOffsets == [0, 2, 3] && edges.transposed == [1, 2, 0])
    }

    private static func examine(
        _ first: [Int64], _ neighbors: [Int32], owners: [Int32]? = nil, elements: [Int32] = [14, 14, 14, 14]
    ) throws {
        // Three atoms and an image of the first, of which the last two are the only ones beyond 2.5 Å.
        let positions: [Double] = [0, 0, 0, 1, 0, 0, 2, 0, 0, 4, 0, 0]
        let check = { (owners: UnsafePointer<Int32>?) in
            try HostNeighbors(
                atoms: 3, ghosts: 1, positions: positions, first: first, neighbors: neighbors, owners: owners,
                keepsGhosts: false
            ).examine(elements: elements, cutoff: 2.5)
        }
        try owners.map { try $0.withUnsafeBufferPointer { try check($0.baseAddress) } } ?? check(nil)
    }

    @Test func halfListsAndRepeatedPairsAreFound() throws {
        let full: [Int32] = [1, 2, 0, 2, 3, 0, 1, 3]
        try Self.examine([0, 2, 5, 8], full, owners: [0, 1, 2, 0])
        // A pair with a ghost has no other direction, and one beyond the cutoff need not have it.
        try Self.examine([0, 2, 4, 6], [1, 2, 0, 2, 0, 1])
        func message(
            _ first: [Int64], _ neighbors: [Int32], owners: [Int32]? = nil, elements: [Int32] = [14, 14, 14, 14]
        ) -> String {
            #expect(throws: NeighborError.self) {
                try Self.examine(first, neighbors, owners: owners, elements: elements)
            }?.message ?? ""
        }
        #expect(message([0, 2, 3, 3], [1, 2, 2]).contains("pairs of atom 1 in one direction only"))
        #expect(message([0, 4, 6, 8], [1, 1, 2, 2, 0, 2, 0, 1]).contains("found atom 2 twice at atom 1"))
        #expect(message([0, 3, 5, 7], [0, 1, 2, 0, 2, 0, 1]).contains("found the atom itself"))
        #expect(message([0, 2, 5, 8], full, owners: [0, 0, 2, 0]).contains("atom 2 to stand for itself"))
        #expect(
            message([0, 2, 5, 8], full, owners: [0, 1, 2, 1], elements: [14, 6, 14, 14]).contains(
                "same element (14), found atom 2 (6)"))
    }

    @Test func ghostsAreSources() throws {
        var host = Host()
        (host.owners, host.keepsGhosts) = (nil, true)
        let edges = try host.edges()
        #expect(edges.atomCount == 2 && edges.sourceCount == 3)
        #expect(edges.sources == [1, 0, 2] && edges.transposedOffsets == [0, 1, 2, 3])
    }

    @Test func whatCannotBeIsRefused() {
        func message(_ change: (inout Host) -> Void) -> String {
            var host = Host()
            change(&host)
            let error = #expect(throws: NeighborError.self) { try host.edges() }
            return error?.message ?? ""
        }
        #expect(message { $0.neighbors[2] = 3 }.contains("found index 3 at atom 2"))
        #expect(message { $0.neighbors[0] = -1 }.contains("found index -1 at atom 1"))
        #expect(message { $0.first[1] = 5 }.contains("atom 1 from 0 to 5 of 4"))
        #expect(message { $0.owners![2] = 7 }.contains("found 7 for ghost 1"))
        #expect(message { $0.owners = nil }.contains("ghost 1 is an image of"))
        #expect(message { $0.positions[3] = .nan }.contains("atom 2"))
        #expect(message { $0.positions[6] = .infinity }.contains("atom 3"))
    }
}
