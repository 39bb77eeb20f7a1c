import Atoms
import Compute

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
        let typeCount = cutoffs.typeCount
        try rows.withUnsafeBufferPointer { rows in
            try keys.withUnsafeBufferPointer { keys in
                try sites.withUnsafeBufferPointer { sites in
                    try images.translations.withUnsafeBufferPointer { translations in
                        try cutoffs.squares.withUnsafeBufferPointer { squares in
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
                                body(
                                    Columns(
                                        offsets: offsets, receivers: receivers, sources: sources, x: x, y: y, z: z))
                            }
                        }
                    }
                }
            }
        }
    }
}
