import Compute

/// The cubic spline (C²) through values at uniform knots, as a linear map from n + 1 values v to n + 3 B-spline
/// coefficients c:
///
///     (c_i + 4 c_{i+1} + c_{i+2}) / 6 = v_i,   c₀ − 2c₁ + c₂ = 0 (no curvature at x = 0),   c_{n+2} = c_n (no slope at 1).
///
/// The last condition is that of every radial function that ends at its cutoff. Solved by elimination down the knots
/// (tridiagonal, diagonally dominant: no pivoting), a vector of columns at a time. De Boor, A Practical Guide to
/// Splines, chapter IV.
struct SplineKernels<T: KernelScalar> {
    /// Row i of the matrix for the unknowns c₁ … c_{n+1} (transposed, if the map is), after the elimination:
    /// x_i = (b_i − below · x_{i−1}) · pivot downwards, then x_i −= above · x_{i+1} upwards.
    private struct Row {
        var below: T
        var pivot: T
        var above: T
        /// What v_i is multiplied by.
        var scale: T
    }

    private let n: Int
    private let isTransposed: Bool
    private let rows: [Row]

    /// The map from values to coefficients, or from the cotangent of the coefficients to that of the values.
    init(intervals n: Int, transposed: Bool) {
        precondition(n >= 2, "a spline needs at least 2 intervals, got \(n)")
        self.n = n
        isTransposed = transposed
        // c_i + 4 c_{i+1} + c_{i+2} = 6 v_i with c₀ and c_{n+2} eliminated; the first row becomes c₁ = v₀.
        func lower(_ i: Int) -> T { i == 0 ? 0 : i == n ? 2 : 1 }
        func upper(_ i: Int) -> T { i == 0 || i == n ? 0 : 1 }
        var rows: [Row] = []
        for i in 0...n {
            let below = i == 0 ? 0 : transposed ? upper(i - 1) : lower(i)
            let above = i == n ? 0 : transposed ? lower(i + 1) : upper(i)
            let diagonal: T = i == 0 ? 1 : 4
            let pivot = 1 / (diagonal - below * (rows.last?.above ?? 0))
            rows.append(Row(below: below, pivot: pivot, above: above * pivot, scale: i == 0 ? 1 : 6))
        }
        self.rows = rows
    }

    /// `[n + 3][column]` from `[n + 1][column]`, or the reverse when transposed, for columns in whole vectors.
    func coefficients(
        _ input: UnsafePointer<T>, _ output: UnsafeMutablePointer<T>, width: Int, vectors range: Range<Int>
    ) {
        precondition(width % T.lanes == 0, "expected columns in whole vectors, got \(width)")
        rows.withUnsafeBufferPointer { rows in
            for column in range {
                let (b, c) = (input + column * T.lanes, output + column * T.lanes)
                if isTransposed {
                    solveTransposed(rows, b, c, width)
                } else {
                    solve(rows, b, c, width)
                }
            }
        }
    }

    @inline(__always)
    private func solve(
        _ rows: UnsafeBufferPointer<Row>, _ v: UnsafePointer<T>, _ c: UnsafeMutablePointer<T>, _ width: Int
    ) {
        // Unknown i stands in row i + 1.
        let x = c + width
        var last = T.Vector.zero
        for i in 0...n {
            let row = rows[i]
            last = ((v + i &* width).vector * row.scale - last * row.below) * row.pivot
            (x + i &* width).vector = last
        }
        for i in stride(from: n - 1, through: 0, by: -1) {
            last = (x + i &* width).vector - last * rows[i].above
            (x + i &* width).vector = last
        }
        c.vector = x.vector * 2 - (x + width).vector
        (c + (n + 2) * width).vector = (c + n * width).vector
    }

    /// How many knots away a cotangent still counts. It falls by a factor of 3.7 a knot, so that what is left out is
    /// 10⁻²³ of it; farther on it would reach subnormal numbers, which processors multiply a hundred times more slowly.
    private static var range: Int { 40 }

    @inline(__always)
    private func solveTransposed(
        _ rows: UnsafeBufferPointer<Row>, _ g: UnsafePointer<T>, _ x: UnsafeMutablePointer<T>, _ width: Int
    ) {
        // Rows away from all knots that edges touch are zero.
        var (low, high) = (0, n + 2)
        while low <= high, (g + low &* width).vector == .zero { low &+= 1 }
        while high > low, (g + high &* width).vector == .zero { high &-= 1 }
        low = max(0, low &- 1 &- Self.range)
        high = min(n, high &+ Self.range)
        for i in 0..<low { (x + i &* width).vector = .zero }
        for i in high + 1..<n + 1 { (x + i &* width).vector = .zero }
        for i in low...high { (x + i &* width).vector = (g + (i &+ 1) &* width).vector }
        // The cotangents of c₀ = 2c₁ − c₂ and c_{n+2} = c_n go to the unknowns that they are made of.
        if low == 0 {
            x.vector += g.vector * 2
            (x + width).vector -= g.vector
        }
        if high == n { (x + (n - 1) * width).vector += (g + (n + 2) * width).vector }
        var last = T.Vector.zero
        for i in low...high {
            last = ((x + i &* width).vector - last * rows[i].below) * rows[i].pivot
            (x + i &* width).vector = last
        }
        last = .zero
        for i in stride(from: high, through: low, by: -1) {
            last = (x + i &* width).vector - last * rows[i].above
            (x + i &* width).vector = last * rows[i].scale
        }
    }
}
