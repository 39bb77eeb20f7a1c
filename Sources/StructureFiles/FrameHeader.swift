import Atoms

/// What the comment line of a frame says: cell, labels and everything else.
struct FrameHeader {
    private(set) var cell: Cell?
    private(set) var energy: Double?
    private(set) var stress: Matrix3?
    /// Of the energy of a committee, eV.
    private(set) var energyDeviation: Double?
    private(set) var information: [String: String] = [:]

    /// Throws `CommentLine.Problem`.
    init(_ comment: CommentLine, labels: LabelKeys, use: ExtendedXYZReader.Use) throws {
        cell = try Self.readCell(comment)
        let labelKeys = [labels.energy, labels.stress, labels.virial].compactMap { $0 }
        if use == .labels {
            if let key = labels.energy, let value = comment[key] { energy = try Self.readEnergy(value, key: key) }
            stress = try readStress(comment, labels: labels)
        }
        energyDeviation = comment[Self.deviationKey].flatMap { CommentLine.numbers(in: $0)?.first }
        for (key, value) in comment.entries where key != "Lattice" && key != "Properties" && key != "pbc" {
            if !labelKeys.contains(key), key != Self.deviationKey || energyDeviation == nil {
                information[key] = value == "_JSON \"\"" ? "" : value
            }
        }
    }

    private static let deviationKey = "energy_deviation"

    private static func readCell(_ comment: CommentLine) throws -> Cell? {
        var periodic: [Bool]?
        if let value = comment["pbc"] {
            periodic = CommentLine.truths(in: value)
            guard periodic?.count == 3 else {
                throw CommentLine.Problem(
                    "expected three truth values such as pbc=\"T T F\", found pbc=\"\(value)\"")
            }
        }
        guard let value = comment["Lattice"] else {
            guard periodic?.contains(true) != true else {
                throw CommentLine.Problem(
                    "expected a Lattice with pbc=\"\(comment["pbc"]!)\", found none; "
                        + "add Lattice=\"…\" or write pbc=\"F F F\"")
            }
            return nil
        }
        let numbers = CommentLine.numbers(in: value)
        guard let numbers, numbers.count == 9 else {
            throw CommentLine.Problem(
                "expected 9 numbers in Lattice (ax ay az bx by bz cx cy cz), found "
                    + (numbers.map { "\($0.count)" } ?? "\"\(value)\""))
        }
        return try cell(Matrix3(elements: numbers), periodic: periodic ?? [true, true, true])
    }

    /// A cell with a volume, or nil when nothing is periodic and the vectors span none.
    ///
    /// A missing (zero) vector of an open direction is completed by a unit normal, as ASE does. Throws
    /// `CommentLine.Problem`.
    static func cell(_ given: Matrix3, periodic: [Bool]) throws -> Cell? {
        var vectors = given
        guard given.elements.allSatisfy({ $0.isFinite && abs($0) <= largestCoordinate }) else {
            throw CommentLine.Problem("expected finite lattice vectors, found \(given.elements)")
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
        throw CommentLine.Problem(
            hasVolume
                ? "expected a cell of some thickness, found heights \(cell.heights.x), \(cell.heights.y), "
                    + "\(cell.heights.z) Å; correct Lattice"
                : "expected three independent lattice vectors, found a cell volume of zero; correct Lattice")
    }

    /// Where doubles still resolve a ten-thousandth of an ångström.
    static let largestCoordinate = 1e12

    private static func readEnergy(_ value: String, key: String) throws -> Double {
        guard let numbers = CommentLine.numbers(in: value), numbers.count == 1 else {
            throw CommentLine.Problem("expected one number for \(key), found \"\(value)\"")
        }
        guard numbers[0].isFinite else {
            throw CommentLine.Problem("expected a finite \(key), found \(value); remove the frame or the key")
        }
        return numbers[0]
    }
}

extension FrameHeader {
    /// The stress from either key; with both, they must agree.
    private func readStress(_ comment: CommentLine, labels: LabelKeys) throws -> Matrix3? {
        var stress: Matrix3?
        if let key = labels.stress, let value = comment[key] {
            stress = try tensor(value, key: key)
        }
        guard let key = labels.virial, let value = comment[key] else { return stress }
        let virial = try tensor(value, key: key)
        let fromVirial = cell!.stress(ofVirial: virial)
        guard let stress else { return fromVirial }
        guard Self.deviation(stress, fromVirial) <= 1e-3 * Self.magnitude(stress) + 1e-6 else {
            throw CommentLine.Problem(
                "expected \(key) = −volume × \(labels.stress ?? "stress"), found \(value), which is stress "
                    + "\(fromVirial.elements); choose one of the two by the label keys")
        }
        return stress
    }

    /// A symmetric tensor from 9 numbers, or from 6 in Voigt's order xx yy zz yz xz xy as in ASE.
    private func tensor(_ value: String, key: String) throws -> Matrix3 {
        guard cell != nil else {
            throw CommentLine.Problem(
                "expected a Lattice with \(key), found none; remove \(key) or leave it out of the label keys")
        }
        let numbers = CommentLine.numbers(in: value)
        guard let numbers, numbers.count == 9 || numbers.count == 6 else {
            throw CommentLine.Problem(
                "expected 9 numbers for \(key) (or 6: xx yy zz yz xz xy), found "
                    + (numbers.map { "\($0.count)" } ?? "\"\(value)\""))
        }
        guard numbers.allSatisfy(\.isFinite) else {
            throw CommentLine.Problem("expected a finite \(key), found \(value); remove the frame or the key")
        }
        if numbers.count == 6 {
            let (xx, yy, zz, yz, xz, xy) = (numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5])
            return Matrix3(SIMD3(xx, xy, xz), SIMD3(xy, yy, yz), SIMD3(xz, yz, zz))
        }
        let full = Matrix3(elements: numbers)
        // DFT codes print tensors that are symmetric to their last digits.
        guard Self.deviation(full, full.transposed) <= 1e-3 * Self.magnitude(full) + 1e-9 else {
            throw CommentLine.Problem("expected a symmetric \(key), found \(value); average it or remove the key")
        }
        return (full + full.transposed) * 0.5
    }

    private static func magnitude(_ m: Matrix3) -> Double { m.elements.reduce(0) { max($0, abs($1)) } }
    private static func deviation(_ a: Matrix3, _ b: Matrix3) -> Double { magnitude(a - b) }
}
