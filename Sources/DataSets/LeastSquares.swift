/// Linear least squares with a few unknowns, `y ≈ Σ_k a_k x_k`, by normal equations and a ridge of 10⁻⁸ of the mean
/// diagonal, which decides what the data leave open.
struct LeastSquares {
    /// `[k]`
    let values: [Double]
    /// Whether the data determine all of them without the ridge.
    let isDetermined: Bool

    /// `nil` where there are no data, or the result is not finite.
    init?(_ rows: some Collection<([Double], Double)>) {
        guard let n = rows.first?.0.count, n > 0 else { return nil }
        var normal = [[Double]](repeating: Array(repeating: 0, count: n), count: n)
        var right = [Double](repeating: 0, count: n)
        for (x, y) in rows {
            for i in 0..<n where x[i] != 0 {
                right[i] += x[i] * y
                for j in 0..<n { normal[i][j] += x[i] * x[j] }
            }
        }
        let ridge = 1e-8 * (0..<n).reduce(0) { $0 + normal[$1][$1] } / Double(n)
        guard ridge > 0, ridge.isFinite else { return nil }
        for i in 0..<n { normal[i][i] += ridge }
        var smallest = Double.infinity
        // Cholesky elimination of the positive definite normal equations.
        for k in 0..<n {
            smallest = min(smallest, normal[k][k])
            for i in (k + 1)..<max(n, k + 1) {
                let factor = normal[i][k] / normal[k][k]
                for j in k..<n { normal[i][j] -= factor * normal[k][j] }
                right[i] -= factor * right[k]
            }
        }
        var x = [Double](repeating: 0, count: n)
        for k in stride(from: n - 1, through: 0, by: -1) {
            x[k] = (right[k] - ((k + 1)..<max(n, k + 1)).reduce(0) { $0 + normal[k][$1] * x[$1] }) / normal[k][k]
        }
        guard x.allSatisfy(\.isFinite) else { return nil }
        (values, isDetermined) = (x, smallest > 100 * ridge)
    }
}
