import Compute
import Programs

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
        let columns = Columns(first: range.lowerBound * T.lanes, end: range.upperBound * T.lanes, width: width)
        rows.withUnsafeBufferPointer { rows in
            if isTransposed {
                solveTransposed(rows, input, output, columns)
            } else {
                solve(rows, input, output, columns)
            }
        }
    }

    /// Some columns of a table of rows.
    private struct Columns {
        var first: Int
        var end: Int
        var width: Int

        /// Calls `body` with the position of every vector in a row.
        @inline(__always)
        func inRow(_ row: Int, _ body: (Int) -> Void) {
            var k = row &* width &+ first
            while k < row &* width &+ end {
                body(k)
                k &+= T.lanes
            }
        }
    }

    @inline(__always)
    private func solve(
        _ rows: UnsafeBufferPointer<Row>, _ v: UnsafePointer<T>, _ c: UnsafeMutablePointer<T>, _ columns: Columns
    ) {
        // Unknown i stands in row i + 1.
        let (x, width) = (c + columns.width, columns.width)
        for i in 0...n {
            let scale = rows[i].scale
            columns.inRow(i) { (x + $0).vector = (v + $0).vector * scale }
        }
        eliminate(rows, x, columns)
        columns.inRow(0) { (c + $0).vector = (x + $0).vector * 2 - (x + width + $0).vector }
        columns.inRow(n) { (c + 2 * width + $0).vector = (c + $0).vector }
    }

    /// `x_i = (x_i − below x_{i−1}) pivot` downwards, then `x_i −= above x_{i+1}` upwards.
    @inline(__always)
    private func eliminate(_ rows: UnsafeBufferPointer<Row>, _ x: UnsafeMutablePointer<T>, _ columns: Columns) {
        let width = columns.width
        for i in 0...n {
            let (below, pivot) = (rows[i].below, rows[i].pivot)
            let before = i == 0 ? x : x - width
            columns.inRow(i) {
                (x + $0).vector = Self.flushed(((x + $0).vector - (before + $0).vector * below) * pivot)
            }
        }
        for i in stride(from: n - 1, through: 0, by: -1) {
            let above = rows[i].above
            columns.inRow(i) { (x + $0).vector = Self.flushed((x + $0).vector - (x + width + $0).vector * above) }
        }
    }

    /// A cotangent falls by a factor of 3.7 a knot away from the edges. Long before it reaches subnormal numbers, which
    /// processors multiply a hundred times more slowly, it counts no more: what is below the last place of a tiny
    /// number is lost when that is added and taken away again.
    @inline(__always)
    private static func flushed(_ x: T.Vector) -> T.Vector {
        let tiny = T.Vector(repeating: 1e-22)
        return (x + tiny) - tiny
    }

    @inline(__always)
    private func solveTransposed(
        _ rows: UnsafeBufferPointer<Row>, _ g: UnsafePointer<T>, _ x: UnsafeMutablePointer<T>, _ columns: Columns
    ) {
        let width = columns.width
        for i in 0...n { columns.inRow(i) { (x + $0).vector = (g + width + $0).vector } }
        // The cotangents of c₀ = 2c₁ − c₂ and c_{n+2} = c_n go to the unknowns that they are made of.
        let second = x + width
        columns.inRow(0) {
            (x + $0).vector += (g + $0).vector * 2
            (second + $0).vector -= (g + $0).vector
        }
        let last = g + 3 * width
        columns.inRow(n - 1) { (x + $0).vector += (last + $0).vector }
        eliminate(rows, x, columns)
        for i in 0...n {
            let scale = rows[i].scale
            columns.inRow(i) { (x + $0).vector *= scale }
        }
    }
}
