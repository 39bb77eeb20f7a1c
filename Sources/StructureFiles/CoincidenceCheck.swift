import Atoms

/// Looks for two atoms at the same place, periodic images included, in time proportional to the number of atoms.
///
/// Atoms are hashed into bins of half an ångström; only the bins that a ball around the atom touches are looked up,
/// one for nearly all atoms. Two bins with the same hash do no harm, since distances are compared.
struct CoincidenceCheck {
    struct Pair: Equatable {
        /// Indices of the atoms, `first < second`.
        var first: Int
        var second: Int
        /// Å
        var distance: Double
        var isThroughImage: Bool

        var message: String {
            "expected atoms in different places, found atoms \(first + 1) and \(second + 1) \(distance) Å apart"
                + "\(isThroughImage ? " through a periodic image" : ""); remove one of them or correct the cell"
        }
    }

    /// Atoms closer than this are at the same place, in Å: a tenth of the closest approach in a fit of nuclear
    /// repulsion, and far above rounding in printed coordinates.
    static let tolerance = 0.01

    private var heads: [Int32] = []
    private var followers: [Int32] = []

    /// The first pair found, in the order of the second atom. The heights of the cell must be more
    /// than twice the tolerance, coordinates at most 1e12 Å.
    mutating func firstPair(in positions: [SIMD3<Double>], cell: Cell?) -> Pair? {
        let count = positions.count
        guard count > 1 else { return nil }
        let binWidth = 0.5
        let vectors = cell?.vectors ?? .identity
        let inverse = vectors.inverse
        let periodic = cell.map { SIMD3<Double>($0.isPeriodic) } ?? .zero
        let heights = cell?.heights ?? SIMD3(1, 1, 1)
        let binCounts = (heights / binWidth).rounded(.down).clamped(
            lowerBound: SIMD3(1, 1, 1), upperBound: SIMD3(repeating: 1e15))
        let reach = Self.tolerance / heights * binCounts
        // Crystals put whole planes of atoms on the faces of the cell; no bin begins there.
        let offset = SIMD3(0.1371, 0.2713, 0.3907)

        var size = 16
        while size < 2 * count { size *= 2 }
        heads.removeAll(keepingCapacity: true)
        heads.append(contentsOf: repeatElement(-1, count: size))
        followers.removeAll(keepingCapacity: true)

        func slot(_ bin: SIMD3<Double>) -> Int {
            let wrapped = bin - periodic * binCounts * (bin / binCounts).rounded(.down)
            var hash: UInt64 = 0
            for k in 0..<3 {
                hash ^= (wrapped[k] + 0).bitPattern  // + 0 turns −0 into 0
                hash &*= 0x9E37_79B9_7F4A_7C15
                hash ^= hash >> 29
            }
            return Int(hash & UInt64(size - 1))
        }

        for j in 0..<count {
            let fractional = positions[j] * inverse
            let u = (fractional - periodic * fractional.rounded(.down)) * binCounts + offset
            let low = (u - reach).rounded(.down)
            let high = (u + reach).rounded(.down)
            var x = low.x
            while x <= high.x {
                var y = low.y
                while y <= high.y {
                    var z = low.z
                    while z <= high.z {
                        var i = heads[slot(SIMD3(x, y, z))]
                        while i >= 0 {
                            let difference = fractional - positions[Int(i)] * inverse
                            let image = periodic * difference.rounded(.toNearestOrEven)
                            let distance = norm(positions[j] - positions[Int(i)] - image * vectors)
                            if distance < Self.tolerance {
                                return Pair(
                                    first: Int(i), second: j, distance: distance, isThroughImage: image != .zero)
                            }
                            i = followers[Int(i)]
                        }
                        z += 1
                    }
                    y += 1
                }
                x += 1
            }
            let home = slot(u.rounded(.down))
            followers.append(heads[home])
            heads[home] = Int32(j)
        }
        return nil
    }
}
