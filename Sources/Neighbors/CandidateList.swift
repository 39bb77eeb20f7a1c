import Atoms
import Compute

/// For every atom the pairs within cutoff + skin when it was built, sorted by source and image.
struct CandidateList: Sendable {
    /// `[atom + 1]`
    private var rows: [Int] = [0]
    /// `[candidate]` — source in the upper half, linear image index in the lower.
    private var keys: [UInt64] = []
    private var cells = CellList()

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

/// Compares the atoms of bins with those around them.
private struct PairSearch {
    let cells: CellList
    let images: Images
    let squares: [Double]
    let typeCount: Int

    /// Counts the candidates of the atoms of these bins into `rows[atom + 1]`.
    func count(_ bins: Range<Int>, into rows: UnsafeMutableBufferPointer<Int>) {
        var runs: [CellList.Run] = []
        runs.reserveCapacity(128)
        cells.x.withUnsafeBufferPointer { x in
            cells.y.withUnsafeBufferPointer { y in
                cells.z.withUnsafeBufferPointer { z in
                    for bin in bins {
                        let members = Int(cells.starts[bin])..<Int(cells.starts[bin + 1])
                        guard !members.isEmpty else { continue }
                        cells.collectRuns(around: bin, into: &runs)
                        for a in members {
                            let row = Int(cells.types[a]) * typeCount
                            // The atom itself is always counted once, unless it sees nothing of its own type.
                            var found = squares[row + Int(cells.types[a])] > 0 ? -1 : 0
                            for run in runs {
                                let t = images.translations[images.index(run.image)]
                                let (px, py, pz) = (x[a] - t.x, y[a] - t.y, z[a] - t.z)
                                if typeCount == 1 {
                                    let limit = squares[0]
                                    for s in run.atoms {
                                        let (dx, dy, dz) = (x[s] - px, y[s] - py, z[s] - pz)
                                        found &+= dx * dx + dy * dy + dz * dz < limit ? 1 : 0
                                    }
                                } else {
                                    for s in run.atoms {
                                        let (dx, dy, dz) = (x[s] - px, y[s] - py, z[s] - pz)
                                        let limit = squares[row + Int(cells.types[s])]
                                        found &+= dx * dx + dy * dy + dz * dz < limit ? 1 : 0
                                    }
                                }
                            }
                            rows[Int(cells.order[a]) + 1] = found
                        }
                    }
                }
            }
        }
    }

    /// Writes the candidates of the atoms of these bins into their rows, sorted.
    func write(
        _ bins: Range<Int>, rows: UnsafeBufferPointer<Int>, longest: Int, into keys: UnsafeMutableBufferPointer<UInt64>
    ) {
        var runs: [CellList.Run] = []
        runs.reserveCapacity(128)
        var scratch = Array(repeating: UInt64(0), count: longest)
        let home = UInt64(images.index(.zero))
        cells.x.withUnsafeBufferPointer { x in
            cells.y.withUnsafeBufferPointer { y in
                cells.z.withUnsafeBufferPointer { z in
                    cells.order.withUnsafeBufferPointer { order in
                        for bin in bins {
                            let members = Int(cells.starts[bin])..<Int(cells.starts[bin + 1])
                            guard !members.isEmpty else { continue }
                            cells.collectRuns(around: bin, into: &runs)
                            for a in members {
                                let row = Int(cells.types[a]) * typeCount
                                let atom = Int(order[a])
                                let own = UInt64(atom) << 32 | home
                                var at = rows[atom]
                                for run in runs {
                                    let image = images.index(run.image)
                                    let t = images.translations[image]
                                    let (px, py, pz) = (x[a] - t.x, y[a] - t.y, z[a] - t.z)
                                    for s in run.atoms {
                                        let (dx, dy, dz) = (x[s] - px, y[s] - py, z[s] - pz)
                                        let limit =
                                            typeCount == 1 ? squares[0] : squares[row + Int(cells.types[s])]
                                        guard dx * dx + dy * dy + dz * dz < limit else { continue }
                                        let key = UInt64(order[s]) << 32 | UInt64(image)
                                        guard key != own else { continue }
                                        keys[at] = key
                                        at &+= 1
                                    }
                                }
                                assert(at == rows[atom + 1])
                                scratch.withUnsafeMutableBufferPointer {
                                    Self.sort(UnsafeMutableBufferPointer(rebasing: keys[rows[atom]..<at]), with: $0)
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Merge sort from runs of 12 sorted by insertion; no two keys are equal. `scratch` is at least as long.
    private static func sort(_ keys: UnsafeMutableBufferPointer<UInt64>, with scratch: UnsafeMutableBufferPointer<UInt64>) {
        let count = keys.count
        var width = 12
        var start = 0
        while start < count {
            let end = min(start + width, count)
            var i = start + 1
            while i < end {
                let key = keys[i]
                var j = i
                while j > start, keys[j - 1] > key {
                    keys[j] = keys[j - 1]
                    j &-= 1
                }
                keys[j] = key
                i &+= 1
            }
            start = end
        }
        guard count > width else { return }
        var (from, to) = (keys.baseAddress!, scratch.baseAddress!)
        while width < count {
            var low = 0
            while low < count {
                let middle = min(low + width, count)
                let high = min(low + 2 * width, count)
                var (l, r) = (low, middle)
                for k in low..<high {
                    let takeLeft = r >= high || (l < middle && from[l] < from[r])
                    to[k] = takeLeft ? from[l] : from[r]
                    if takeLeft { l &+= 1 } else { r &+= 1 }
                }
                low = high
            }
            (from, to) = (to, from)
            width *= 2
        }
        if from != keys.baseAddress! { keys.baseAddress!.update(from: from, count: count) }
    }
}

extension CandidateList {
    /// Keeps the candidates that are within the cutoff now. Once over them to count, once to write, so that ranges
    /// of atoms are independent of each other.
    func compact(
        into edges: inout EdgeList, sites: [Site], images: Images, cutoffs: Cutoffs, _ parallelism: Parallelism
    ) throws {
        let atoms = sites.count
        let length = 512
        edges.resize(atoms: atoms, edges: edges.count)
        let uniform = cutoffs.typeCount == 1 ? cutoffs.longest * cutoffs.longest : -1
        let squares = uniform >= 0 ? [] : cutoffs.squares(skin: 0)
        let typeCount = cutoffs.typeCount
        try rows.withUnsafeBufferPointer { rows in
            try keys.withUnsafeBufferPointer { keys in
                try sites.withUnsafeBufferPointer { sites in
                    try images.translations.withUnsafeBufferPointer { translations in
                        try squares.withUnsafeBufferPointer { squares in
                            let pairs = Pairs(
                                rows: rows, keys: keys, sites: sites, translations: translations, squares: squares,
                                uniformSquare: uniform, typeCount: typeCount)
                            edges.offsets.withUnsafeMutableBufferPointer { offsets in
                                nonisolated(unsafe) let offsets = offsets
                                parallelism.forEach(atoms, by: length) { pairs.count($0, into: offsets) }
                            }
                            var total = 0
                            for i in 0..<atoms {
                                total += Int(edges.offsets[i + 1])
                                guard total <= Int(Int32.max) else {
                                    throw NeighborError.size(
                                        "expected at most \(Int32.max) edges, found more; use a shorter cutoff or "
                                            + "fewer atoms")
                                }
                                edges.offsets[i + 1] = Int32(total)
                            }
                            edges.resize(atoms: atoms, edges: total)
                            edges.withColumns { columns in
                                parallelism.forEach(atoms, by: length) { pairs.write($0, into: columns) }
                            }
                        }
                    }
                }
            }
        }
        edges.transpose()
    }
}

/// The candidates of present positions, as the loops of a step see them.
private struct Pairs: @unchecked Sendable {
    let rows: UnsafeBufferPointer<Int>
    let keys: UnsafeBufferPointer<UInt64>
    let sites: UnsafeBufferPointer<Site>
    let translations: UnsafeBufferPointer<SIMD3<Double>>
    let squares: UnsafeBufferPointer<Double>
    /// The square of the only cutoff, or negative when there are several.
    let uniformSquare: Double
    let typeCount: Int

    /// r = x_j − x_i + S·cell. Exactly opposite for the reverse edge.
    @inline(__always)
    private func vector(_ centre: Site, _ key: UInt64) -> (x: Double, y: Double, z: Double, type: Int32) {
        let source = sites[Int(key >> 32)]
        let image = Int(Int32(truncatingIfNeeded: key) &+ source.crossing &- centre.crossing)
        let t = translations[image]
        return (source.x - centre.x + t.x, source.y - centre.y + t.y, source.z - centre.z + t.z, source.type)
    }

    @inline(__always)
    private func limit(_ centre: Site, _ type: Int32) -> Double {
        uniformSquare >= 0 ? uniformSquare : squares[Int(centre.type) * typeCount + Int(type)]
    }

    func count(_ atoms: Range<Int>, into offsets: UnsafeMutableBufferPointer<Int32>) {
        for i in atoms {
            let centre = sites[i]
            var found: Int32 = 0
            for c in rows[i]..<rows[i + 1] {
                let r = vector(centre, keys[c])
                found &+= r.x * r.x + r.y * r.y + r.z * r.z < limit(centre, r.type) ? 1 : 0
            }
            offsets[i + 1] = found
        }
    }

    func write(_ atoms: Range<Int>, into edges: EdgeList.Columns) {
        for i in atoms {
            let centre = sites[i]
            var e = Int(edges.offsets[i])
            for c in rows[i]..<rows[i + 1] {
                let key = keys[c]
                let r = vector(centre, key)
                guard r.x * r.x + r.y * r.y + r.z * r.z < limit(centre, r.type) else { continue }
                edges.receivers[e] = Int32(truncatingIfNeeded: i)
                edges.sources[e] = Int32(truncatingIfNeeded: key >> 32)
                edges.x[e] = r.x
                edges.y[e] = r.y
                edges.z[e] = r.z
                e &+= 1
            }
        }
    }
}

extension EdgeList {
    /// The columns while they are being written, by ranges of receivers.
    struct Columns: @unchecked Sendable {
        let offsets: UnsafeBufferPointer<Int32>
        let receivers: UnsafeMutableBufferPointer<Int32>
        let sources: UnsafeMutableBufferPointer<Int32>
        let x: UnsafeMutableBufferPointer<Double>
        let y: UnsafeMutableBufferPointer<Double>
        let z: UnsafeMutableBufferPointer<Double>
    }

    mutating func withColumns(_ body: (Columns) -> Void) {
        offsets.withUnsafeBufferPointer { offsets in
            receivers.withUnsafeMutableBufferPointer { receivers in
                sources.withUnsafeMutableBufferPointer { sources in
                    x.withUnsafeMutableBufferPointer { x in
                        y.withUnsafeMutableBufferPointer { y in
                            z.withUnsafeMutableBufferPointer { z in
                                body(Columns(offsets: offsets, receivers: receivers, sources: sources, x: x, y: y, z: z))
                            }
                        }
                    }
                }
            }
        }
    }
}
