/// The rotation that brings a cell to the orientation which lengths and angles imply: a along x, b in the xy plane
/// with y > 0, c with z > 0.
///
/// A left-handed cell has no such rotation, and a mirror would turn molecules into their enantiomers. So its last
/// vector changes sign: (a, b, −c) spans the same lattice and is right-handed.
public struct StandardOrientation: Sendable {
    /// `x_standard = x · rotation`; `nil` when there is nothing to turn, so that no digit changes.
    public let rotation: Matrix3?
    /// The right-handed cell before the rotation.
    public let cell: Cell

    public init(of original: Cell) {
        var cell = original
        if cell.vectors.determinant < 0 { cell.vectors.rows.2 *= -1 }
        self.cell = cell
        let (a, b, c) = cell.vectors.rows
        // Angles of 10⁻¹² rad are below what double precision keeps in lengths and angles.
        let isStandard =
            abs(a.y) + abs(a.z) <= 1e-12 * norm(a) && abs(b.z) <= 1e-12 * norm(b) && a.x > 0 && b.y > 0 && c.z > 0
        guard !isStandard else {
            rotation = nil
            return
        }
        let x = a * (1 / norm(a))
        let normal = cross(a, b)
        let z = normal * (1 / norm(normal))
        rotation = Matrix3(x, cross(z, x), z).transposed
    }

    public func turn(_ vector: SIMD3<Double>) -> SIMD3<Double> { rotation.map { vector * $0 } ?? vector }
    public func turnBack(_ vector: SIMD3<Double>) -> SIMD3<Double> {
        rotation.map { vector * $0.transposed } ?? vector
    }
    public func turn(_ tensor: Matrix3) -> Matrix3 { rotation.map { $0.transposed * tensor * $0 } ?? tensor }
    public func turnBack(_ tensor: Matrix3) -> Matrix3 { rotation.map { $0 * tensor * $0.transposed } ?? tensor }
}
