import Atoms
import Foundation

/// Functions of a symmetric 3 × 3 matrix by its eigenvectors, Jacobi's rotations: Golub and Van Loan, section 8.5.
struct SymmetricFunction {
    let values: SIMD3<Double>
    private let vectors: Matrix3

    /// The unit vector of the value `k`.
    func axis(_ k: Int) -> SIMD3<Double> { vectors.transposed[row: k] }

    init(_ matrix: Matrix3) {
        var a = matrix
        var v = Matrix3.identity
        let scale = abs(a.trace) + abs(a[0, 1]) + abs(a[0, 2]) + abs(a[1, 2]) + abs(a[0, 0] - a[1, 1])
        // Each sweep squares what is off the diagonal; three suffice from any start, five for certain.
        for _ in 0..<8 {
            let off = a[0, 1] * a[0, 1] + a[0, 2] * a[0, 2] + a[1, 2] * a[1, 2]
            guard off > 1e-36 * scale * scale else { break }
            for k in 0..<3 {
                let (p, q) = (k == 2 ? 1 : 0, k == 0 ? 1 : 2)
                guard a[p, q] != 0 else { continue }
                let theta = (a[q, q] - a[p, p]) / (2 * a[p, q])
                let t = (theta >= 0 ? 1 : -1) / (abs(theta) + (theta * theta + 1).squareRoot())
                let c = 1 / (t * t + 1).squareRoot()
                let s = t * c
                var rotation = Matrix3.identity
                rotation[p, p] = c
                rotation[q, q] = c
                rotation[p, q] = s
                rotation[q, p] = -s
                a = rotation.transposed * a * rotation
                v = v * rotation
            }
        }
        values = SIMD3(a[0, 0], a[1, 1], a[2, 2])
        vectors = v
    }

    func of(_ f: (Double) -> Double) -> Matrix3 {
        let d = SIMD3(f(values.x), f(values.y), f(values.z))
        return vectors * Matrix3(diagonal: d) * vectors.transposed
    }

    /// e^{At}
    func exponential(_ t: Double) -> Matrix3 { of { exp($0 * t) } }

    /// ∫₀ᵗ e^{As} ds = (e^{At} − 1)/A, without cancellation.
    func integral(_ t: Double) -> Matrix3 { of { abs($0 * t) < 1e-300 ? t : expm1($0 * t) / $0 } }
}
