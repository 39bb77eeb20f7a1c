import Compute

/// The cubic spline (C²) through values at uniform knots, as a linear map from n + 1 values v to n + 3 B-spline
/// coefficients c:
///
///     (c_i + 4 c_{i+1} + c_{i+2}) / 6 = v_i,   c₀ − 2c₁ + c₂ = 0 (no curvature at x = 0),   c_{n+2} = c_n (no slope at 1).
///
/// The last condition is that of every radial function that ends at its cutoff. Solved by elimination down the knots
/// (tridiagonal, diagonally dominant: no pivoting), side by side for all columns. De Boor, A Practical Guide to
/// Splines, chapter IV.
enum SplineKernels<T: KernelScalar> {
    /// `c` from `v`, or with `transposed` the cotangent of v from that of c, for the columns in `range`.
    static func coefficients(
        transposed: Bool, _ input: UnsafePointer<T>, _ output: UnsafeMutablePointer<T>, intervals n: Int, width: Int,
        columns range: Range<Int>
    ) {
        precondition(n >= 2, "a spline needs at least 2 intervals, got \(n)")
        // Rows i = 0 … n for the unknowns c₁ … c_{n+1}: sub c_i + 4 c_{i+1} + super c_{i+2} = 6 v_i.
        func lower(_ i: Int) -> T { i == 0 ? 0 : i == n ? 2 : 1 }
        func diagonal(_ i: Int) -> T { i == 0 ? 1 : 4 }
        func upper(_ i: Int) -> T { i == 0 || i == n ? 0 : 1 }
        func scale(_ i: Int) -> T { i == 0 ? 1 : 6 }
        let sub = transposed ? { upper($0 - 1) } : lower
        let sup = transposed ? { lower($0 + 1) } : upper

        withUnsafeTemporaryAllocation(of: T.self, capacity: n + 1) { pivots in
            // The solution takes the place of rows 1 … n + 1 of the output, or 0 … n when transposed.
            let x = transposed ? output : output + width
            if transposed {
                for c in range {
                    for i in 0...n { x[i * width + c] = input[(i + 1) * width + c] }
                    x[c] += 2 * input[c]
                    x[width + c] -= input[c]
                    x[(n - 1) * width + c] += input[(n + 2) * width + c]
                }
            } else {
                for i in 0...n { for c in range { x[i * width + c] = scale(i) * input[i * width + c] } }
            }
            pivots[0] = 1 / diagonal(0)
            for c in range { x[c] *= pivots[0] }
            for i in 1...n {
                let below = sub(i)
                pivots[i] = 1 / (diagonal(i) - below * sup(i - 1) * pivots[i - 1])
                let pivot = pivots[i]
                let (row, previous) = (x + i * width, x + (i - 1) * width)
                for c in range { row[c] = (row[c] - below * previous[c]) * pivot }
            }
            for i in stride(from: n - 1, through: 0, by: -1) {
                let factor = sup(i) * pivots[i]
                let (row, next) = (x + i * width, x + (i + 1) * width)
                for c in range { row[c] -= factor * next[c] }
            }
            if transposed {
                for i in 0...n { for c in range { x[i * width + c] *= scale(i) } }
            } else {
                for c in range {
                    output[c] = 2 * x[c] - x[width + c]
                    output[(n + 2) * width + c] = x[(n - 1) * width + c]
                }
            }
        }
    }
}
