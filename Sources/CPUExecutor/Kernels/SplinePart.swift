import Compute

/// The cubic spline (C²) through values at uniform knots:
///
///     (c_i + 4 c_{i+1} + c_{i+2}) / 6 = v_i,   c₀ − 2c₁ + c₂ = 0 (no curvature at x = 0),   c_{n+2} = c_n (no slope at 1).
///
/// The last condition is that of every radial function that ends at its cutoff. A part that meets another has a given
/// slope there, s for twice the spacing: c_{n+2} = c_n + s where it ends, c₀ = c₂ − s where it begins.
///
/// Solved by elimination down the knots (tridiagonal, diagonally dominant: no pivoting), a vector of columns at a time.
/// De Boor, A Practical Guide to Splines, chapter IV.
struct SplinePart<T: KernelScalar> {
    enum Meeting {
        case nothing
        /// It ends where the outer part begins.
        case outer
        /// It begins where the inner part ends; `ratio` is its spacing over that of the inner part.
        case inner(ratio: T)
    }

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
    private let rows: [Row]
    /// Whether the spline has no curvature where it begins; otherwise a slope.
    private let startsFree: Bool
    /// What the slope is multiplied by where it begins and where it ends.
    private let startRatio, endRatio: T

    init(intervals n: Int, meets: Meeting, transposed: Bool) {
        precondition(n >= 5, "a spline needs at least 5 intervals, got \(n)")
        self.n = n
        switch meets {
        case .nothing: (startsFree, startRatio, endRatio) = (true, 0, 0)
        case .outer: (startsFree, startRatio, endRatio) = (true, 0, 1)
        case .inner(let ratio): (startsFree, startRatio, endRatio) = (false, ratio, 0)
        }
        // c_i + 4 c_{i+1} + c_{i+2} = 6 v_i with c₀ and c_{n+2} eliminated; the first row becomes c₁ = v₀ or
        // 4 c₁ + 2 c₂ = 6 v₀ + s.
        let first: (diagonal: T, upper: T, scale: T) = startsFree ? (1, 0, 1) : (4, 2, 6)
        func lower(_ i: Int) -> T { i == 0 ? 0 : i == n ? 2 : 1 }
        func upper(_ i: Int) -> T { i == 0 ? first.upper : i == n ? 0 : 1 }
        var rows: [Row] = []
        for i in 0...n {
            let below = i == 0 ? 0 : transposed ? upper(i - 1) : lower(i)
            let above = i == n ? 0 : transposed ? lower(i + 1) : upper(i)
            let diagonal: T = i == 0 ? first.diagonal : 4
            let pivot = 1 / (diagonal - below * (rows.last?.above ?? 0))
            rows.append(Row(below: below, pivot: pivot, above: above * pivot, scale: i == 0 ? first.scale : 6))
        }
        self.rows = rows
    }

    /// `slope` is s of the inner part, `[column]`, where there is one.
    @inline(__always)
    func solve(
        _ v: UnsafePointer<T>, _ c: UnsafeMutablePointer<T>, _ columns: SplineColumns<T>, slope: UnsafePointer<T>?
    ) {
        rows.withUnsafeBufferPointer { rows in
            // Unknown i stands in row i + 1.
            let (x, width) = (c + columns.width, columns.width)
            for i in 0...n {
                let scale = rows[i].scale
                columns.inRow(i) { (x + $0).vector = (v + $0).vector * scale }
            }
            if let slope {
                columns.inRow(0) {
                    (x + $0).vector += (slope + $0).vector * startRatio
                    (x + n * width + $0).vector -= (slope + $0).vector * endRatio
                }
            }
            eliminate(rows, x, columns)
            columns.inRow(0) {
                (c + $0).vector =
                    startsFree
                    ? (x + $0).vector * 2 - (x + width + $0).vector
                    : (x + width + $0).vector - (slope! + $0).vector * startRatio
            }
            columns.inRow(n) { (c + 2 * width + $0).vector = (c + $0).vector }
            if let slope, endRatio != 0 {
                columns.inRow(0) { (c + (n + 2) * width + $0).vector += (slope + $0).vector * endRatio }
            }
        }
    }

    /// The cotangent of the slope, `[column]`, is added to `slope`.
    @inline(__always)
    func solveTransposed(
        _ g: UnsafePointer<T>, _ x: UnsafeMutablePointer<T>, _ columns: SplineColumns<T>,
        slope: UnsafeMutablePointer<T>?
    ) {
        rows.withUnsafeBufferPointer { rows in
            let width = columns.width
            for i in 0...n { columns.inRow(i) { (x + $0).vector = (g + width + $0).vector } }
            // The cotangents of c₀ and c_{n+2} go to the unknowns that they are made of.
            let (second, last) = (x + width, g + 3 * width)
            columns.inRow(0) {
                if startsFree {
                    (x + $0).vector += (g + $0).vector * 2
                    (second + $0).vector -= (g + $0).vector
                } else {
                    (second + $0).vector += (g + $0).vector
                }
            }
            columns.inRow(n - 1) { (x + $0).vector += (last + $0).vector }
            eliminate(rows, x, columns)
            if let slope {
                columns.inRow(0) {
                    let end = (g + (n + 2) * width + $0).vector - (x + n * width + $0).vector
                    let start = (x + $0).vector - (g + $0).vector
                    (slope + $0).vector += end * endRatio + start * startRatio
                }
            }
            for i in 0...n {
                let scale = rows[i].scale
                columns.inRow(i) { (x + $0).vector *= scale }
            }
        }
    }

    /// `x_i = (x_i − below x_{i−1}) pivot` downwards, then `x_i −= above x_{i+1}` upwards.
    @inline(__always)
    private func eliminate(
        _ rows: UnsafeBufferPointer<Row>, _ x: UnsafeMutablePointer<T>, _ columns: SplineColumns<T>
    ) {
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
}

/// Some columns of a table of rows.
struct SplineColumns<T: KernelScalar> {
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
