import Atoms

/// Lattice vectors from edge lengths and angles: a along x, b in the plane of x and y, as ASE and LAMMPS lay them.
enum CellParameters {
    /// Lengths in Å, angles α, β, γ in degrees. Throws a `FormatProblem` where no cell has them.
    static func vectors(lengths: SIMD3<Double>, angles: SIMD3<Double>) throws -> Matrix3 {
        guard lengths.min() > 0, lengths.max() <= CheckedCell.largestCoordinate, angles.min() > 0, angles.max() < 180
        else {
            throw FormatProblem(
                "expected positive lengths and angles between 0 and 180°, found \(lengths.x) \(lengths.y) \(lengths.z) and \(angles.x) \(angles.y) \(angles.z)"
            )
        }
        let cosines = SIMD3(
            Cell.cosine(degrees: angles.x), Cell.cosine(degrees: angles.y), Cell.cosine(degrees: angles.z))
        guard let cell = Cell(lengths: lengths, cosines: cosines) else {
            throw FormatProblem(
                "expected angles that a cell can have, found \(angles.x), \(angles.y), \(angles.z)°, which leave no volume"
            )
        }
        return cell.vectors
    }
}
