/// Eigenvalues and orthonormal eigenvectors of a symmetric matrix, row by row: Jacobi's rotations, which are exact to
/// rounding and need no library. Time grows with the cube of `count`.
func symmetricEigen(_ matrix: [Double], _ count: Int) -> (values: [Double], vectors: [[Double]]) {
    var a = matrix
    var vectors = (0..<count).map { i in (0..<count).map { $0 == i ? 1.0 : 0 } }
    let scale = a.reduce(0) { max($0, abs($1)) }
    for _ in 0..<100 {
        var largest = 0.0
        for p in 0..<count {
            for q in stride(from: p + 1, to: count, by: 1) {
                let off = a[p * count + q]
                largest = max(largest, abs(off))
                guard abs(off) > 1e-17 * scale else { continue }
                let theta = (a[q * count + q] - a[p * count + p]) / (2 * off)
                let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
                let c = 1 / (t * t + 1).squareRoot()
                let s = t * c
                for k in 0..<count {
                    let (x, y) = (a[k * count + p], a[k * count + q])
                    (a[k * count + p], a[k * count + q]) = (c * x - s * y, s * x + c * y)
                }
                for k in 0..<count {
                    let (x, y) = (a[p * count + k], a[q * count + k])
                    (a[p * count + k], a[q * count + k]) = (c * x - s * y, s * x + c * y)
                }
                for k in 0..<count {
                    let (x, y) = (vectors[p][k], vectors[q][k])
                    (vectors[p][k], vectors[q][k]) = (c * x - s * y, s * x + c * y)
                }
            }
        }
        if largest <= 1e-16 * scale { break }
    }
    return ((0..<count).map { a[$0 * count + $0] }, vectors)
}
