import Atoms

/// Compares the atoms of bins with those around them.
struct PairSearch {
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
        _ bins: Range<Int>, rows: UnsafeBufferPointer<Int>, longest: Int,
        into keys: UnsafeMutableBufferPointer<UInt64>
    ) {
        var runs: [CellList.Run] = []
        runs.reserveCapacity(128)
        // One place more, for a candidate that is written before it is found to be too far.
        var found = Array(repeating: UInt64(0), count: longest + 1)
        var scratch = found
        let home = UInt64(images.index(.zero))
        cells.x.withUnsafeBufferPointer { x in
            cells.y.withUnsafeBufferPointer { y in
                cells.z.withUnsafeBufferPointer { z in
                    cells.order.withUnsafeBufferPointer { order in
                        found.withUnsafeMutableBufferPointer { found in
                            for bin in bins {
                                let members = Int(cells.starts[bin])..<Int(cells.starts[bin + 1])
                                guard !members.isEmpty else { continue }
                                cells.collectRuns(around: bin, into: &runs)
                                for a in members {
                                    let row = Int(cells.types[a]) * typeCount
                                    let atom = Int(order[a])
                                    let own = UInt64(atom) << 32 | home
                                    var count = 0
                                    for run in runs {
                                        let image = images.index(run.image)
                                        let t = images.translations[image]
                                        let (px, py, pz) = (x[a] - t.x, y[a] - t.y, z[a] - t.z)
                                        var limit = squares[0]
                                        for s in run.atoms {
                                            let (dx, dy, dz) = (x[s] - px, y[s] - py, z[s] - pz)
                                            if typeCount > 1 { limit = squares[row + Int(cells.types[s])] }
                                            let key = UInt64(order[s]) << 32 | UInt64(image)
                                            found[count] = key
                                            // No branch: whether a pair is close cannot be foretold.
                                            let isClose = dx * dx + dy * dy + dz * dz < limit
                                            count &+= (isClose ? 1 : 0) & (key != own ? 1 : 0)
                                        }
                                    }
                                    assert(count == rows[atom + 1] - rows[atom])
                                    scratch.withUnsafeMutableBufferPointer { scratch in
                                        let sorted = Self.sort(found.baseAddress!, count, with: scratch.baseAddress!)
                                        (keys.baseAddress! + rows[atom]).update(from: sorted, count: count)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Merge sort from runs of 12 sorted by insertion; no two keys are equal. The result is in one of the two.
    private static func sort(
        _ keys: UnsafeMutablePointer<UInt64>, _ count: Int, with scratch: UnsafeMutablePointer<UInt64>
    ) -> UnsafeMutablePointer<UInt64> {
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
        var (from, to) = (keys, scratch)
        while width < count {
            var low = 0
            while low < count {
                let middle = min(low + width, count)
                let high = min(low + 2 * width, count)
                var (l, r) = (low, middle)
                var k = low
                while l < middle, r < high {
                    let (left, right) = (from[l], from[r])
                    let takesLeft = left < right ? 1 : 0
                    to[k] = left < right ? left : right
                    l &+= takesLeft
                    r &+= 1 &- takesLeft
                    k &+= 1
                }
                (to + k).update(from: from + l, count: middle - l)
                (to + k + (middle - l)).update(from: from + r, count: high - r)
                low = high
            }
            (from, to) = (to, from)
            width *= 2
        }
        return from
    }
}
