import Atoms

/// A cell as the neighbour search sees it: frame, inverse, heights; the unit frame where there is no cell.
struct Lattice: Equatable, Sendable {
    let vectors: Matrix3
    let inverse: Matrix3
    /// Distances between opposite faces in Å.
    let heights: SIMD3<Double>
    /// 1 or 0 along each vector.
    let periodic: SIMD3<Int>

    /// Throws `NeighborError` on a cell that has no volume although something repeats.
    init(_ cell: Cell?) throws {
        guard let cell, cell.isPeriodic != SIMD3(0, 0, 0) else {
            vectors = .identity
            inverse = .identity
            heights = SIMD3(1, 1, 1)
            periodic = SIMD3(0, 0, 0)
            return
        }
        vectors = cell.vectors
        inverse = cell.vectors.inverse
        heights = cell.heights
        periodic = SIMD3(Int(cell.isPeriodic.x), Int(cell.isPeriodic.y), Int(cell.isPeriodic.z))
        guard cell.volume > 0, cell.volume.isFinite, heights.min() > 1e-6 else {
            throw NeighborError.cell("expected a cell with a volume, found lattice vectors \(vectors.elements)")
        }
    }
}

/// An atom in the cell: its wrapped position, and what a pair needs to know about it. One cache line holds two.
struct Site: Sendable {
    var x = 0.0
    var y = 0.0
    var z = 0.0
    /// How the linear index of an image changes because this atom has left the cell where its neighbours were
    /// looked up (`Images.stride` · crossings).
    var crossing: Int32 = 0
    var type: Int32 = 0

    /// Beyond this a double resolves no better than 10⁻⁴ Å.
    static let largestCoordinate = 1e12

    /// Finite, and not too far out to resolve distances; false for NaN.
    @inline(__always)
    static func isValid(_ position: SIMD3<Double>) -> Bool {
        abs(position.x) <= largestCoordinate && abs(position.y) <= largestCoordinate
            && abs(position.z) <= largestCoordinate
    }

    /// Puts an atom into the cell along the periodic vectors: `x = wrapped + image · vectors`, image integers.
    /// A function of the present position and cell only, so edge vectors do not depend on history.
    @inline(__always)
    static func wrap(_ position: SIMD3<Double>, _ lattice: Lattice) -> (wrapped: SIMD3<Double>, image: SIMD3<Double>)
    {
        let periodic = SIMD3<Double>(lattice.periodic)
        var image = periodic * (position * lattice.inverse).rounded(.down)
        var wrapped = position - image * lattice.vectors
        // Far out, the first rounding may miss the cell by a little.
        let rest = periodic * (wrapped * lattice.inverse).rounded(.down)
        if rest != .zero {
            image += rest
            wrapped = position - image * lattice.vectors
        }
        return (wrapped, image)
    }
}

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
