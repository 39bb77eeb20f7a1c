import Atoms
import Compute

/// For every atom the pairs within cutoff + skin when it was built, sorted by source and image.
struct CandidateList: Sendable {
    /// `[atom + 1]`
    private(set) var rows: [Int] = [0]
    /// `[candidate]` — source in the upper half, linear image index in the lower.
    private(set) var keys: [UInt64] = []
    private var cells = CellList()

    var memoryBytes: Int { (rows.count + keys.count) * 8 + cells.memoryBytes }

    /// Å. Candidates and edges compute distances in different orders; the candidates must not lose by rounding.
    private static let margin = 1e-6

    /// Finds the candidates. Twice over all pairs of close bins: once to count, once to write.
    mutating func find(
        _ sites: [Site], _ lattice: Lattice, cutoffs: Cutoffs, skin: Double, crossings: SIMD3<Int>,
        images: inout Images, _ parallelism: Parallelism
    ) throws {
        let squares = cutoffs.squares(skin: skin + Self.margin)
        cells.sort(sites, in: lattice, within: max(cutoffs.longest + skin + Self.margin, 1e-3))
        try images.set(reach: cells.imageReach &+ 2 &* crossings)
        images.fill(lattice)
        rows.removeAll(keepingCapacity: true)
        rows.resize(to: sites.count + 1, filler: 0)

        let search = PairSearch(cells: cells, images: images, squares: squares, typeCount: cutoffs.typeCount)
        let chunk = max(1, search.cells.binCount / max(1, sites.count / 256))
        rows.withUnsafeMutableBufferPointer { rows in
            nonisolated(unsafe) let rows = rows
            parallelism.forEach(search.cells.binCount, by: chunk) { search.count($0, into: rows) }
        }
        var longest = 0
        for i in 0..<sites.count {
            longest = max(longest, rows[i + 1])
            rows[i + 1] += rows[i]
        }
        keys.resize(to: rows[sites.count], filler: 0)
        keys.withUnsafeMutableBufferPointer { keys in
            rows.withUnsafeBufferPointer { rows in
                nonisolated(unsafe) let keys = keys
                nonisolated(unsafe) let rows = rows
                parallelism.forEach(search.cells.binCount, by: chunk) {
                    search.write($0, rows: rows, longest: longest, into: keys)
                }
            }
        }
    }
}
