/// A 3 × 3 matrix of doubles, stored by rows. Cells, strains, stresses and virials.
public struct Matrix3: Sendable, Equatable {
    public var rows: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>)

    public init(_ a: SIMD3<Double>, _ b: SIMD3<Double>, _ c: SIMD3<Double>) { rows = (a, b, c) }
    public init(diagonal d: SIMD3<Double>) {
        self.init(SIMD3(d.x, 0, 0), SIMD3(0, d.y, 0), SIMD3(0, 0, d.z))
    }
    public static let zero = Matrix3(.zero, .zero, .zero)
    public static let identity = Matrix3(diagonal: SIMD3(1, 1, 1))

    public static func == (l: Matrix3, r: Matrix3) -> Bool { l.rows == r.rows }

    /// Element in row `i`, column `j`.
    public subscript(i: Int, j: Int) -> Double {
        get { self[row: i][j] }
        set { self[row: i][j] = newValue }
    }

    public subscript(row i: Int) -> SIMD3<Double> {
        get { i == 0 ? rows.0 : i == 1 ? rows.1 : rows.2 }
        set {
            switch i {
            case 0: rows.0 = newValue
            case 1: rows.1 = newValue
            default: rows.2 = newValue
            }
        }
    }

    public var transposed: Matrix3 {
        Matrix3(
            SIMD3(rows.0.x, rows.1.x, rows.2.x), SIMD3(rows.0.y, rows.1.y, rows.2.y),
            SIMD3(rows.0.z, rows.1.z, rows.2.z))
    }
    public var determinant: Double { dot(rows.0, cross(rows.1, rows.2)) }
    public var trace: Double { rows.0.x + rows.1.y + rows.2.z }

    /// The inverse; the determinant must not be zero.
    public var inverse: Matrix3 {
        let d = 1 / determinant
        return Matrix3(cross(rows.1, rows.2) * d, cross(rows.2, rows.0) * d, cross(rows.0, rows.1) * d).transposed
    }

    public static func + (l: Matrix3, r: Matrix3) -> Matrix3 {
        Matrix3(l.rows.0 + r.rows.0, l.rows.1 + r.rows.1, l.rows.2 + r.rows.2)
    }
    public static func - (l: Matrix3, r: Matrix3) -> Matrix3 { l + r * -1 }
    public static func += (l: inout Matrix3, r: Matrix3) { l = l + r }
    public static func * (l: Matrix3, s: Double) -> Matrix3 { Matrix3(l.rows.0 * s, l.rows.1 * s, l.rows.2 * s) }

    /// Row vector times matrix: `v · M`, as for fractional coordinates times a cell whose rows are lattice vectors.
    public static func * (v: SIMD3<Double>, m: Matrix3) -> SIMD3<Double> {
        m.rows.0 * v.x + m.rows.1 * v.y + m.rows.2 * v.z
    }
    public static func * (l: Matrix3, r: Matrix3) -> Matrix3 { Matrix3(l.rows.0 * r, l.rows.1 * r, l.rows.2 * r) }

    /// The outer product `u ⊗ v`.
    public static func outer(_ u: SIMD3<Double>, _ v: SIMD3<Double>) -> Matrix3 {
        Matrix3(v * u.x, v * u.y, v * u.z)
    }

    /// The nine elements row by row.
    public var elements: [Double] { (0..<9).map { self[$0 / 3, $0 % 3] } }

    /// From nine elements row by row.
    public init(elements e: [Double]) {
        precondition(e.count == 9, "expected 9 elements, got \(e.count)")
        self.init(SIMD3(e[0], e[1], e[2]), SIMD3(e[3], e[4], e[5]), SIMD3(e[6], e[7], e[8]))
    }
}

@inlinable
public func dot(_ u: SIMD3<Double>, _ v: SIMD3<Double>) -> Double { (u * v).sum() }

@inlinable
public func cross(_ u: SIMD3<Double>, _ v: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3(u.y * v.z - u.z * v.y, u.z * v.x - u.x * v.z, u.x * v.y - u.y * v.x)
}

@inlinable
public func norm(_ v: SIMD3<Double>) -> Double { dot(v, v).squareRoot() }
