import Atoms

/// Atoms sorted into bins of about half the search distance, for any cell.
///
/// Along a periodic vector the bins divide the cell; a cell smaller than the search distance is one bin that is its
/// own neighbour many times over. Along an open direction they follow the atoms. Where the atoms fill their bounding
/// box the bins lie in a plain array; where it is mostly empty only occupied bins exist, in a hash table, so that
/// memory follows the number of atoms and never the extent.
struct CellList: Sendable {
    /// Bins along each vector, and how many bins away a neighbour may be.
    private(set) var binCounts = SIMD3<Int>(1, 1, 1)
    private(set) var reach = SIMD3<Int>(1, 1, 1)
    private(set) var periodic = SIMD3<Int>(0, 0, 0)

    /// `[bin + 1]` — the atoms of a bin are `order[starts[bin]..<starts[bin + 1]]`, ascending.
    private(set) var starts: [Int32] = []
    private(set) var order: [Int32] = []
    /// Wrapped positions in Å and types, in this order.
    private(set) var x: [Double] = []
    private(set) var y: [Double] = []
    private(set) var z: [Double] = []
    private(set) var types: [Int32] = []

    private var binOfAtom: [Int32] = []

    var memoryBytes: Int {
        (starts.count + order.count + types.count + binOfAtom.count) * 4 + (x.count + y.count + z.count) * 8
    }
    private var isHashed = false
    /// `[bin]` — where it lies; used when hashed.
    private var places: [SIMD3<Int>] = []
    /// `[hash]` — bin, or −1.
    private var table: [Int32] = []

    var binCount: Int { starts.count - 1 }

    /// Sorts the atoms. `distance` is the search distance in Å, above zero.
    mutating func sort(_ sites: [Site], in lattice: Lattice, within distance: Double) {
        periodic = lattice.periodic
        let (low, high) = Self.extent(of: sites, in: lattice)
        // A bin a little wider than half the distance, so that two bins are enough in spite of rounding.
        chooseBins(width: distance * 0.500001, distance: distance, extent: high - low, heights: lattice.heights)
        let room = 4 * Double(sites.count) + 4096
        func volume() -> Double { Double(binCounts.x) * Double(binCounts.y) * Double(binCounts.z) }
        // With a few atoms to a bin, looking up 125 bins costs more than comparing with the atoms of 27 wider ones.
        if volume() > room || volume() > Double(sites.count) / 3 {
            chooseBins(width: distance * 1.000001, distance: distance, extent: high - low, heights: lattice.heights)
        }
        isHashed = volume() > room
        places.removeAll(keepingCapacity: true)
        if isHashed {
            var size = 64
            while size < 2 * sites.count { size *= 2 }
            table.removeAll(keepingCapacity: true)
            table.resize(to: size, filler: -1)
        }

        let periodicMask = SIMD3<Double>(periodic)
        let scale = periodicMask + (SIMD3(1, 1, 1) - periodicMask) * lattice.heights
        let perUnit =
            periodicMask * SIMD3<Double>(binCounts) + (SIMD3(1, 1, 1) - periodicMask) * (1 / openWidth)
        let last = binCounts &- SIMD3(1, 1, 1)
        binOfAtom.resize(to: sites.count, filler: 0)
        for (i, site) in sites.enumerated() {
            let u = (SIMD3(site.x, site.y, site.z) * lattice.inverse * scale - low) * perUnit
            let place = SIMD3<Int>(u.rounded(.down)).clamped(lowerBound: .zero, upperBound: last)
            if isHashed {
                binOfAtom[i] = findOrInsert(place)
            } else {
                binOfAtom[i] = Int32((place.x * binCounts.y + place.y) * binCounts.z + place.z)
            }
        }
        countingSort(sites, bins: isHashed ? places.count : Int(volume()))
    }

    /// Å; the width of bins along open directions.
    private var openWidth = 1.0

    private mutating func chooseBins(
        width: Double, distance: Double, extent: SIMD3<Double>, heights: SIMD3<Double>
    ) {
        openWidth = width
        for k in 0..<3 {
            if periodic[k] != 0 {
                // A cell of more bins than there can be atoms gains nothing from finer ones.
                let count = max(1, min((heights[k] / width).rounded(.down), 1e15))
                binCounts[k] = Int(count)
                reach[k] = Int((distance / (heights[k] / count) + 1e-7).rounded(.up))
            } else {
                binCounts[k] = Int((extent[k] / width).rounded(.down)) + 1
                reach[k] = Int((distance / width).rounded(.up))
            }
        }
    }

    /// The bounds of the atoms along the open directions in Å; zero along periodic ones.
    private static func extent(of sites: [Site], in lattice: Lattice) -> (low: SIMD3<Double>, high: SIMD3<Double>) {
        guard lattice.periodic != SIMD3(1, 1, 1), !sites.isEmpty else { return (.zero, .zero) }
        var low = SIMD3<Double>(repeating: .infinity)
        var high = SIMD3<Double>(repeating: -.infinity)
        for site in sites {
            let t = SIMD3(site.x, site.y, site.z) * lattice.inverse * lattice.heights
            low = pointwiseMin(low, t)
            high = pointwiseMax(high, t)
        }
        let open = SIMD3(1, 1, 1) - SIMD3<Double>(lattice.periodic)
        return (low * open, high * open)
    }

    private mutating func countingSort(_ sites: [Site], bins: Int) {
        starts.removeAll(keepingCapacity: true)
        starts.resize(to: bins + 1, filler: 0)
        for bin in binOfAtom { starts[Int(bin) + 1] &+= 1 }
        for bin in 0..<bins { starts[bin + 1] &+= starts[bin] }
        order.resize(to: sites.count, filler: 0)
        x.resize(to: sites.count, filler: 0)
        y.resize(to: sites.count, filler: 0)
        z.resize(to: sites.count, filler: 0)
        types.resize(to: sites.count, filler: 0)
        // Backwards, so that every start comes back to its place and atoms stay in order.
        for bin in 0..<bins { starts[bin] = starts[bin + 1] }
        for i in stride(from: sites.count - 1, through: 0, by: -1) {
            let bin = Int(binOfAtom[i])
            starts[bin] &-= 1
            let s = Int(starts[bin])
            order[s] = Int32(truncatingIfNeeded: i)
            (x[s], y[s], z[s], types[s]) = (sites[i].x, sites[i].y, sites[i].z, sites[i].type)
        }
    }
}

extension CellList {
    /// Consecutive atoms in `order` that, moved by one translation, may be neighbours of the atoms of a bin.
    struct Run {
        var atoms: Range<Int>
        var image: SIMD3<Int>
    }

    /// Sets `runs` to those around a bin.
    func collectRuns(around bin: Int, into runs: inout [Run]) {
        runs.removeAll(keepingCapacity: true)
        let centre = place(of: bin)
        for a in -reach.x...reach.x {
            guard let (bx, ix) = wrap(centre.x + a, 0) else { continue }
            for b in -reach.y...reach.y {
                guard let (by, iy) = wrap(centre.y + b, 1) else { continue }
                for c in -reach.z...reach.z {
                    guard let (bz, iz) = wrap(centre.z + c, 2) else { continue }
                    let neighbor =
                        isHashed ? find(SIMD3(bx, by, bz)) : (bx * binCounts.y + by) * binCounts.z + bz
                    guard neighbor >= 0 else { continue }
                    let atoms = Int(starts[neighbor])..<Int(starts[neighbor + 1])
                    guard !atoms.isEmpty else { continue }
                    let image = SIMD3(ix, iy, iz)
                    if let last = runs.last, last.atoms.upperBound == atoms.lowerBound, last.image == image {
                        runs[runs.count - 1].atoms = last.atoms.lowerBound..<atoms.upperBound
                    } else {
                        runs.append(Run(atoms: atoms, image: image))
                    }
                }
            }
        }
    }

    /// The farthest image along each vector that a neighbour can lie in.
    var imageReach: SIMD3<Int> {
        var images = SIMD3<Int>.zero
        for k in 0..<3 where periodic[k] != 0 { images[k] = (reach[k] + binCounts[k] - 1) / binCounts[k] }
        return images
    }

    /// A bin index along vector `k` brought into range, and the image that it lay in; nil outside an open direction.
    @inline(__always)
    private func wrap(_ index: Int, _ k: Int) -> (Int, Int)? {
        let count = binCounts[k]
        if index >= 0, index < count { return (index, 0) }
        guard periodic[k] != 0 else { return nil }
        let image = index >= 0 ? index / count : -((count - 1 - index) / count)
        return (index - image * count, image)
    }

    private func place(of bin: Int) -> SIMD3<Int> {
        if isHashed { return places[bin] }
        let plane = binCounts.y * binCounts.z
        return SIMD3(bin / plane, bin % plane / binCounts.z, bin % binCounts.z)
    }

    private func slot(_ place: SIMD3<Int>) -> Int {
        var hash: UInt64 = 0
        for k in 0..<3 {
            hash = (hash ^ UInt64(bitPattern: Int64(place[k]))) &* 0x9E37_79B9_7F4A_7C15
            hash ^= hash >> 32
        }
        return Int(hash & UInt64(table.count - 1))
    }

    private func find(_ place: SIMD3<Int>) -> Int {
        var at = slot(place)
        while table[at] >= 0 {
            if places[Int(table[at])] == place { return Int(table[at]) }
            at = (at + 1) & (table.count - 1)
        }
        return -1
    }

    private mutating func findOrInsert(_ place: SIMD3<Int>) -> Int32 {
        var at = slot(place)
        while table[at] >= 0 {
            if places[Int(table[at])] == place { return table[at] }
            at = (at + 1) & (table.count - 1)
        }
        table[at] = Int32(places.count)
        places.append(place)
        return table[at]
    }
}
