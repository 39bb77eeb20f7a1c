import COpenBLAS

/// Eigenvalues of symmetric and Hermitian matrices, and linear systems, by LAPACK.
public enum Eigenvalues {
    /// Of a real symmetric matrix of `n` rows, ascending.
    public static func symmetric(_ matrix: [Double], n: Int) -> [Double] {
        precondition(matrix.count == n * n, "expected \(n * n) elements, got \(matrix.count)")
        BLAS.prepare()
        var (a, size, info, length) = (matrix, Int32(n), Int32(0), Int32(max(1, 34 * n)))
        var values = [Double](repeating: 0, count: n)
        var work = [Double](repeating: 0, count: Int(length))
        dsyev_("N", "U", &size, &a, &size, &values, &work, &length, &info)
        precondition(info == 0, "LAPACK's dsyev ends with \(info)")
        return values
    }

    /// Of a Hermitian matrix of `n` rows, ascending, with eigenvectors if asked for: `vectors[k]` belongs to
    /// `values[k]`.
    public static func hermitian(
        _ matrix: [ComplexNumber], n: Int, wantsVectors: Bool = false
    ) -> (values: [Double], vectors: [[ComplexNumber]]) {
        precondition(matrix.count == n * n, "expected \(n * n) elements, got \(matrix.count)")
        BLAS.prepare()
        // By columns: of a Hermitian matrix the conjugate.
        var a = [Double](repeating: 0, count: 2 * n * n)
        for i in 0..<n {
            for j in 0..<n {
                a[2 * (j * n + i)] = matrix[i * n + j].real
                a[2 * (j * n + i) + 1] = matrix[i * n + j].imaginary
            }
        }
        var (size, info, length) = (Int32(n), Int32(0), Int32(max(1, 33 * n)))
        var values = [Double](repeating: 0, count: n)
        var work = [Double](repeating: 0, count: 2 * Int(length))
        var realWork = [Double](repeating: 0, count: max(1, 3 * n - 2))
        zheev_(wantsVectors ? "V" : "N", "U", &size, &a, &size, &values, &work, &length, &realWork, &info)
        precondition(info == 0, "LAPACK's zheev ends with \(info)")
        let vectors =
            wantsVectors
            ? (0..<n).map { k in (0..<n).map { ComplexNumber(a[2 * (k * n + $0)], a[2 * (k * n + $0) + 1]) } } : []
        return (values, vectors)
    }
}

/// The solution of small dense systems.
public enum LinearSystem {
    /// X of A X = B with `columns` right sides, by rows; nil where A is singular.
    public static func solve(_ matrix: [Double], _ right: [Double], columns: Int = 1) -> [Double]? {
        let n = right.count / columns
        precondition(matrix.count == n * n, "expected \(n * n) elements, got \(matrix.count)")
        BLAS.prepare()
        var a = (0..<n * n).map { matrix[$0 % n * n + $0 / n] }
        var b = (0..<n * columns).map { right[$0 % n * columns + $0 / n] }
        var (size, sides, info) = (Int32(n), Int32(columns), Int32(0))
        var pivots = [Int32](repeating: 0, count: n)
        dgesv_(&size, &sides, &a, &size, &pivots, &b, &size, &info)
        guard info == 0, b.allSatisfy(\.isFinite) else { return nil }
        return (0..<n * columns).map { b[$0 % columns * n + $0 / columns] }
    }
}

/// A complex number.
public struct ComplexNumber: Sendable, Equatable {
    public var real: Double
    public var imaginary: Double

    public init(_ real: Double, _ imaginary: Double = 0) {
        self.real = real
        self.imaginary = imaginary
    }

    public static func + (a: Self, b: Self) -> Self { Self(a.real + b.real, a.imaginary + b.imaginary) }
    public static func += (a: inout Self, b: Self) { a = a + b }
    public static func * (a: Self, b: Double) -> Self { Self(a.real * b, a.imaginary * b) }
    public var conjugate: Self { Self(real, -imaginary) }
    public var squaredMagnitude: Double { real * real + imaginary * imaginary }
}
