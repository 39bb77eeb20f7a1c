import Atoms

/// What the comment line of a frame says: cell, labels and everything else.
struct FrameHeader {
    private(set) var cell: Cell?
    private(set) var energy: Double?
    private(set) var stress: Matrix3?
    /// Other properties of the structure.
    private(set) var properties: [Property: [Double]] = [:]
    /// Of the energy of a committee, eV.
    private(set) var energyDeviation: Double?
    /// What the structure counts in a training.
    private(set) var weight: Double?
    private(set) var information: [String: String] = [:]

    /// Throws `FormatProblem`.
    init(_ comment: CommentLine, labels: LabelKeys, use: StructureUse) throws {
        cell = try Self.readCell(comment)
        let labelKeys = labels.ofStructures
        if use == .labels {
            if let key = labels.energy, let value = comment[key] { energy = try Self.readEnergy(value, key: key) }
            stress = try readStress(comment, labels: labels)
            for (property, key) in labels.others where property.scope == .structure {
                if let value = comment[key] { properties[property] = try Self.read(property, value, key: key) }
            }
            if let key = labels.weight, let value = comment[key] {
                guard let number = Double(value), number >= 0, number <= 1e6 else {
                    throw FormatProblem("expected a weight from 0 to 10⁶ for \(key), found \"\(value)\"")
                }
                weight = number
            }
        }
        energyDeviation = comment[Self.deviationKey].flatMap { CommentLine.numbers(in: $0)?.first }
        for (key, value) in comment.entries where key != "Lattice" && key != "Properties" && key != "pbc" {
            let isWeight = weight != nil && key == labels.weight
            if !labelKeys.contains(key), !isWeight, key != Self.deviationKey || energyDeviation == nil {
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
                throw FormatProblem(
                    "expected three truth values such as pbc=\"T T F\", found pbc=\"\(value)\"")
            }
        }
        guard let value = comment["Lattice"] else {
            guard periodic?.contains(true) != true else {
                throw FormatProblem(
                    "expected a Lattice with pbc=\"\(comment["pbc"]!)\", found none; "
                        + "add Lattice=\"…\" or write pbc=\"F F F\"")
            }
            return nil
        }
        let numbers = CommentLine.numbers(in: value)
        guard let numbers, numbers.count == 9 else {
            throw FormatProblem(
                "expected 9 numbers in Lattice (ax ay az bx by bz cx cy cz), found "
                    + (numbers.map { "\($0.count)" } ?? "\"\(value)\""))
        }
        return try CheckedCell.cell(
            Matrix3(elements: numbers), periodic: periodic ?? [true, true, true], named: "Lattice")
    }

    private static func read(_ property: Property, _ value: String, key: String) throws -> [Double] {
        let count = property.shape.components
        guard let numbers = CommentLine.numbers(in: value), numbers.count == count, numbers.allSatisfy(\.isFinite)
        else {
            throw FormatProblem(
                "expected \(count == 1 ? "a finite number" : "\(count) finite numbers") for \(key) (in \(property.unit)), found \"\(value)\"; "
                    + "correct it, or leave \(property) out of the label keys")
        }
        return numbers
    }

    private static func readEnergy(_ value: String, key: String) throws -> Double {
        guard let numbers = CommentLine.numbers(in: value), numbers.count == 1 else {
            throw FormatProblem("expected one number for \(key), found \"\(value)\"")
        }
        guard numbers[0].isFinite else {
            throw FormatProblem("expected a finite \(key), found \(value); remove the frame or the key")
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
            throw FormatProblem(
                "expected \(key) = −volume × \(labels.stress ?? "stress"), found \(value), which is stress "
                    + "\(fromVirial.elements); choose one of the two by the label keys")
        }
        return stress
    }

    /// A symmetric tensor from 9 numbers, or from 6 in Voigt's order xx yy zz yz xz xy as in ASE.
    private func tensor(_ value: String, key: String) throws -> Matrix3 {
        guard cell != nil else {
            throw FormatProblem(
                "expected a Lattice with \(key), found none; remove \(key) or leave it out of the label keys")
        }
        let numbers = CommentLine.numbers(in: value)
        guard let numbers, numbers.count == 9 || numbers.count == 6 else {
            throw FormatProblem(
                "expected 9 numbers for \(key) (or 6: xx yy zz yz xz xy), found "
                    + (numbers.map { "\($0.count)" } ?? "\"\(value)\""))
        }
        guard numbers.allSatisfy(\.isFinite) else {
            throw FormatProblem("expected a finite \(key), found \(value); remove the frame or the key")
        }
        if numbers.count == 6 {
            let (xx, yy, zz, yz, xz, xy) = (numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5])
            return Matrix3(SIMD3(xx, xy, xz), SIMD3(xy, yy, yz), SIMD3(xz, yz, zz))
        }
        let full = Matrix3(elements: numbers)
        // DFT codes print tensors that are symmetric to their last digits.
        guard Self.deviation(full, full.transposed) <= 1e-3 * Self.magnitude(full) + 1e-9 else {
            throw FormatProblem("expected a symmetric \(key), found \(value); average it or remove the key")
        }
        return (full + full.transposed) * 0.5
    }

    private static func magnitude(_ m: Matrix3) -> Double { m.elements.reduce(0) { max($0, abs($1)) } }
    private static func deviation(_ a: Matrix3, _ b: Matrix3) -> Double { magnitude(a - b) }
}
