/// ASE's container of arrays and JSON, behind `.traj` and `.gpw` (the head of ase/io/ulm.py describes it).
///
///     0   "- of Ulm" (before 2017 "AFFormat"), 8  tag, 24  version, 32  number of items, 40  place of their offsets
struct ULMFile {
    let file: ByteFile
    /// `ASE-Trajectory`, `gpaw`, …
    let tag: String
    let count: Int
    private let offsets: Int

    static let magics = ["- of Ulm", "AFFormat"]

    /// Throws a `FormatProblem`.
    init(_ file: ByteFile) throws {
        self.file = file
        let head = try file.bytes(at: 0, count: 48, for: "the head of a file of ASE")
        tag = String(decoding: head[8..<24].filter { $0 != 0 }, as: UTF8.self).trimmedOfBlanks
        let numbers = try file.fill(Int64.self, count: 3, at: 24, for: "the head of a file of ASE").map {
            Int(Int64(littleEndian: $0))
        }
        (count, offsets) = (numbers[1], numbers[2])
        guard count >= 0, count <= file.count / 8 else {
            throw FormatProblem("expected a number of items that fits into \(file.count) bytes, found \(count)")
        }
    }

    /// The JSON of an item, and whether its arrays are little-endian.
    func item(_ index: Int) throws -> ULMItem {
        let place = try file.fill(
            Int64.self, count: 1, at: offsets + 8 * index, for: "the place of item \(index + 1)")[0]
        let begin = Int(Int64(littleEndian: place))
        let size = Int(
            Int64(littleEndian: try file.fill(Int64.self, count: 1, at: begin, for: "item \(index + 1)")[0]))
        let value = try JSONParser.value(of: file.bytes(at: begin + 8, count: size, for: "item \(index + 1)"))
        return ULMItem(file: file, value: value, isBigEndian: value["_little_endian"]?.bool == false)
    }
}

/// A table of such a file, whose entries are values, arrays elsewhere in the file, or tables.
struct ULMItem {
    let file: ByteFile
    let value: JSONValue
    let isBigEndian: Bool

    /// A table in it.
    func child(_ name: String) -> ULMItem? {
        value["\(name)."].map { ULMItem(file: file, value: $0, isBigEndian: isBigEndian) }
    }

    func contains(_ name: String) -> Bool { value[name] != nil || value["\(name)."] != nil }

    /// The numbers of an array, or of a value that stands in the JSON; nil where there is none.
    func numbers(_ name: String) throws -> [Double]? {
        if let value = value[name] {
            guard let numbers = value.flat else {
                throw FormatProblem("expected numbers of \(name), found something else")
            }
            return numbers
        }
        guard let description = value["\(name)."]?["ndarray"] else { return nil }
        guard let parts = description.elements, parts.count == 3, let shape = parts[0].flat,
            let type = parts[1].string,
            let offset = parts[2].integer, let header = NumPyType(type)
        else { throw FormatProblem("expected shape, type and place of the array \(name), found something else") }
        var count = 1
        for length in shape {
            guard let length = Int(exactly: length), length >= 0,
                case (let product, false) = count.multipliedReportingOverflow(by: length)
            else { throw FormatProblem("expected the shape of an array, found \(shape)") }
            count = product
        }
        let (size, overflow) = count.multipliedReportingOverflow(by: header.size)
        guard !overflow else { throw FormatProblem("expected an array that fits into a file, found shape \(shape)") }
        return header.numbers(
            try file.bytes(at: offset, count: size, for: "the array \(name)"), isBigEndian: isBigEndian)
    }

    func vectors(_ name: String) throws -> [SIMD3<Double>]? {
        guard let numbers = try numbers(name) else { return nil }
        guard numbers.count % 3 == 0 else {
            throw FormatProblem("expected vectors of \(name), found \(numbers.count) numbers")
        }
        return (0..<numbers.count / 3).map { SIMD3(numbers[3 * $0], numbers[3 * $0 + 1], numbers[3 * $0 + 2]) }
    }
}
