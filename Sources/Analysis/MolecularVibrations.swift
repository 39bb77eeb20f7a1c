import Atoms
import Compute
import Foundation
import Relaxation

/// Harmonic vibrations of all atoms of a structure together: those of a molecule without translations and rotations, of
/// a cell that repeats at Γ without translations.
public struct MolecularVibrations: Sendable {
    public struct Mode: Sendable {
        /// THz, imaginary ones negative.
        public var frequency: Double
        /// `[atom]`, Å, of unit length in all.
        public var displacements: [SIMD3<Double>]
    }

    /// Ascending.
    public let modes: [Mode]
    /// How many motions of the whole were taken out: 6, or 5 of a linear molecule, 3 of an atom or a crystal.
    public let rigidMotions: Int
    /// The largest |H_ij − H_ji| and the largest |Σ_j H_ij| over translations, eV/Å².
    public let asymmetry, sumRuleViolation: Double

    /// ½ Σ h ν of real frequencies, eV.
    public var zeroPointEnergy: Double {
        modes.reduce(0) { $0 + 0.5 * Self.planck * max(0, $1.frequency) }
    }

    /// h, eV/THz: 6.62607015e-34 J s (exact) / e.
    public static let planck = 4.135667696923859e-3
    /// A THz in cm⁻¹: 10¹⁰/c with c = 299792458 m/s (exact).
    public static let wavenumber = 33.3564095198152

    /// - Parameter columns: of the Hessian, `[3 atom + axis][atom]` in eV/Å².
    public init(of structure: Structure, columns: [[SIMD3<Double>]]) {
        let (atoms, n) = (structure.count, 3 * structure.count)
        precondition(columns.count == n, "expected \(n) columns, got \(columns.count)")
        let masses = structure.masses ?? structure.elements.map(\.mass)
        let roots = (0..<n).map { masses[$0 / 3].squareRoot() }
        var asymmetry = 0.0
        var matrix = [Double](repeating: 0, count: n * n)
        for i in 0..<n {
            for j in 0..<n {
                let (a, b) = (columns[i][j / 3][j % 3], columns[j][i / 3][i % 3])
                asymmetry = max(asymmetry, abs(a - b))
                matrix[i * n + j] = 0.5 * (a + b) / (roots[i] * roots[j])
            }
        }
        self.asymmetry = asymmetry
        sumRuleViolation = columns.reduce(0) { largest, column in
            let sum = column.reduce(SIMD3<Double>.zero, +)
            return max(largest, abs(sum.x), abs(sum.y), abs(sum.z))
        }
        let repeats = structure.cell.map { $0.isPeriodic != SIMD3(0, 0, 0) } ?? false
        let rigid = RigidMotions(of: structure.positions, weights: masses, rotates: !repeats).vectors
        rigidMotions = rigid.count
        // P H P with the projector P on what is no rigid motion; these are put above all others.
        let bound = matrix.reduce(0) { $0 + $1 * $1 }.squareRoot()
        for vector in rigid {
            let image = (0..<n).map { i in (0..<n).reduce(0) { $0 + matrix[i * n + $1] * vector[$1] } }
            let mean = zip(image, vector).reduce(0) { $0 + $1.0 * $1.1 }
            for i in 0..<n {
                for j in 0..<n {
                    matrix[i * n + j] += vector[i] * vector[j] * mean - image[i] * vector[j] - vector[i] * image[j]
                }
            }
        }
        for vector in rigid {
            for i in 0..<n { for j in 0..<n { matrix[i * n + j] += 10 * bound * vector[i] * vector[j] } }
        }
        let found = Eigenvalues.hermitian(matrix.map { ComplexNumber($0) }, n: n, wantsVectors: true)
        modes = (0..<n - rigid.count).map { k in
            // Of a real matrix they are real but for a phase.
            let vector = found.vectors[k]
            let largest = vector.max {
                $0.real * $0.real + $0.imaginary * $0.imaginary
                    < $1.real * $1.real + $1.imaginary * $1.imaginary
            }!
            let size = (largest.real * largest.real + largest.imaginary * largest.imaginary).squareRoot()
            let moved = (0..<n).map { i in
                (vector[i].real * largest.real + vector[i].imaginary * largest.imaginary) / (size * roots[i])
            }
            let length = moved.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return Mode(
                frequency: Phonons.frequency(found.values[k]),
                displacements: (0..<atoms).map { SIMD3(moved[3 * $0], moved[3 * $0 + 1], moved[3 * $0 + 2]) / length }
            )
        }
    }
}
