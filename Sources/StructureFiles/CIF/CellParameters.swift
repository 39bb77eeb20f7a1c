import Atoms
import Foundation

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
        // Right angles and 60° are exact.
        func cosine(_ degrees: Double) -> Double {
            degrees == 90 ? 0 : degrees == 60 ? 0.5 : degrees == 120 ? -0.5 : cos(degrees * .pi / 180)
        }
        let (alpha, beta, gamma) = (cosine(angles.x), cosine(angles.y), cosine(angles.z))
        let sine = angles.z == 90 ? 1 : (1 - gamma * gamma).squareRoot()
        let cy = (alpha - beta * gamma) / sine
        let square = 1 - beta * beta - cy * cy
        guard square > 0 else {
            throw FormatProblem(
                "expected angles that a cell can have, found \(angles.x), \(angles.y), \(angles.z)°, which leave no volume"
            )
        }
        return Matrix3(
            SIMD3(lengths.x, 0, 0), SIMD3(lengths.y * gamma, lengths.y * sine, 0),
            SIMD3(lengths.z * beta, lengths.z * cy, lengths.z * square.squareRoot()))
    }
}
