import Atoms

/// Lattice vectors from a file made into a cell, or refused.
enum CheckedCell {
    /// Where doubles still resolve a ten-thousandth of an ångström.
    static let largestCoordinate = 1e12

    /// A cell with a volume, or nil when nothing is periodic and the vectors span none.
    ///
    /// A missing (zero) vector of an open direction is completed by a unit normal, as ASE does. Throws a
    /// `FormatProblem`, which calls the vectors by the word of the format, for example `Lattice`.
    static func cell(_ given: Matrix3, periodic: [Bool], named word: String) throws -> Cell? {
        var vectors = given
        guard given.elements.allSatisfy({ $0.isFinite && abs($0) <= largestCoordinate }) else {
            throw FormatProblem("expected finite lattice vectors, found \(given.elements)")
        }
        for k in 0..<3 where vectors[row: k] == .zero && !periodic[k] {
            let (next, last) = (vectors[row: (k + 1) % 3], vectors[row: (k + 2) % 3])
            var normal = cross(next, last)
            if normal == .zero, next != .zero || last != .zero {
                let other = next == .zero ? last : next
                let axis = SIMD3<Double>(
                    abs(other.x) <= abs(other.y) ? 1 : 0, abs(other.x) <= abs(other.y) ? 0 : 1, 0)
                normal = cross(other, axis)
            }
            if normal != .zero { vectors[row: k] = normal * (1 / norm(normal)) }
        }
        let cell = Cell(vectors, periodic: (periodic[0], periodic[1], periodic[2]))
        let lengths = (norm(vectors.rows.0), norm(vectors.rows.1), norm(vectors.rows.2))
        // Below this share of a box with the same edges the volume is a rounding error of the nine numbers.
        let hasVolume = cell.volume > 1e-10 * lengths.0 * lengths.1 * lengths.2
        if hasVolume, cell.heights.min() > 2 * CoincidenceCheck.tolerance { return cell }
        guard periodic.contains(true) else { return nil }
        throw FormatProblem(
            hasVolume
                ? "expected a cell of some thickness, found heights \(cell.heights.x), \(cell.heights.y), "
                    + "\(cell.heights.z) Å; correct \(word)"
                : "expected three independent lattice vectors, found a cell volume of zero; correct \(word)")
    }
}
