import Atoms
import Compute

/// Distorted rock salt, in ways that are hard for what finds neighbours.
public enum RockSalt {
    public static let (sodium, chlorine) = (Element("Na")!, Element("Cl")!)

    /// Eight atoms in a triclinic, left-handed cell of about 5.8 Å.
    ///
    /// - Parameter noise: of the displacements along each axis, Å.
    public static func crystal(noise size: Double) -> Structure {
        let noise = Philox(seed: 3)
        let cell = Cell(Matrix3(SIMD3(0.3, 5.7, 0.1), SIMD3(5.9, -0.4, 0.2), SIMD3(0.5, 0.7, 6.1)))
        let corners = 0..<8
        return Structure(
            elements: corners.map { $0.nonzeroBitCount % 2 == 0 ? sodium : chlorine },
            positions: corners.map { i in
                let shift = noise.normals(at: Philox.counter(step: 0, index: i, stream: 0))
                return SIMD3(Double(i & 1), Double(i >> 1 & 1), Double(i >> 2)) * 0.5 * cell.vectors
                    + SIMD3(shift.x, shift.y, shift.z) * size
            }, cell: cell)
    }

    /// One pair of atoms in a cell smaller than a cutoff of 4 Å: every atom sees images of itself.
    public static let smallCell = Structure(
        elements: [sodium, chlorine], positions: [SIMD3(0.1, 0, 0), SIMD3(1.6, 1.5, 1.4)],
        cell: Cell(Matrix3(SIMD3(3.1, 0.2, 0), SIMD3(0, 2.9, 0.4), SIMD3(0.3, 0, 3.3))))
}
