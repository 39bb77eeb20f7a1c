import Atoms

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
