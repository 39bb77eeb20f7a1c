import Atoms

/// The translations of the images that can be neighbours, `[linear index]`, in lexicographic order.
struct Images: Sendable {
    /// Images along vector k run from −reach[k] to reach[k].
    private(set) var reach = SIMD3<Int>(0, 0, 0)
    private(set) var translations: [SIMD3<Double>] = []

    /// The change of the linear index with the image along each vector.
    var stride: SIMD3<Int> {
        SIMD3((2 * reach.y + 1) * (2 * reach.z + 1), 2 * reach.z + 1, 1)
    }

    func index(_ image: SIMD3<Int>) -> Int { ((image &+ reach) &* stride).wrappedSum() }

    /// More would take longer than any model, and the cell is no cell of atoms.
    static let largestCount = 1 << 24

    /// Sets the reach; throws when there would be too many images.
    mutating func set(reach newReach: SIMD3<Int>) throws {
        let count = (0..<3).reduce(1.0) { $0 * Double(2 * newReach[$1] + 1) }
        guard count <= Double(Self.largestCount) else {
            throw NeighborError.size(
                "expected a cell of some thickness, found one so flat that \(count) images lie within the cutoff")
        }
        reach = newReach
        translations.resize(to: Int(count), filler: .zero)
    }

    mutating func fill(_ lattice: Lattice) {
        var index = 0
        for a in -reach.x...reach.x {
            for b in -reach.y...reach.y {
                for c in -reach.z...reach.z {
                    translations[index] = SIMD3(Double(a), Double(b), Double(c)) * lattice.vectors
                    index += 1
                }
            }
        }
    }
}
