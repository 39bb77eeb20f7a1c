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
