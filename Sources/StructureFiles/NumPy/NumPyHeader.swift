/// What the head of an array in NumPy's format says (NEP 1):
/// `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2)}`.
struct NumPyHeader: Equatable {
    /// Kind and size in bytes of a number: `f8`, `f4`, `i8`, `U3`, …
    var kind: Character
    var size: Int
    var isBigEndian: Bool
    var isColumnMajor: Bool
    var shape: [Int]
    /// Where the numbers begin.
    var length: Int

    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    var count: Int { shape.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue } }

    /// Throws a `FormatProblem`. `start` is the beginning of the array, some kilobytes where there are as many.
    init(_ start: [UInt8]) throws {
        guard start.starts(with: Self.magic), start.count >= 12 else {
            throw FormatProblem("expected an array of NumPy, found something else")
        }
        let isLong = start[6] >= 2
        let size = Int(start[8]) | Int(start[9]) << 8 | (isLong ? Int(start[10]) << 16 | Int(start[11]) << 24 : 0)
        let begin = isLong ? 12 : 10
        guard start.count >= begin + size else { throw FormatProblem("expected the head of an array, found its end") }
        let text = String(decoding: start[begin..<begin + size], as: UTF8.self)
        func value(_ key: String) -> Substring? {
            guard let place = text.range(of: "'\(key)':") else { return nil }
            return text[place.upperBound...].drop { $0 == " " }
        }
        guard let description = value("descr"), let order = value("fortran_order"), let shapeText = value("shape"),
            description.first == "'", shapeText.first == "("
        else {
            throw FormatProblem("expected descr, fortran_order and shape of an array, found \"\(text.prefix(80))\"")
        }
        let type = description.dropFirst().prefix { $0 != "'" }
        guard let ends = type.first, let kind = type.dropFirst().first, let bytes = Int(type.dropFirst(2)),
            bytes >= 0,
            "<>|=".contains(ends)
        else { throw FormatProblem("expected a type of numbers, found \"\(type.prefix(20))\"") }
        let parts = shapeText.dropFirst().prefix { $0 != ")" }.split(separator: ",").map { $0.filter { $0 != " " } }
        shape = try parts.filter { !$0.isEmpty }.map {
            guard let count = Int($0), count >= 0 else {
                throw FormatProblem("expected a shape, found \"\($0.prefix(20))\"")
            }
            return count
        }
        var whole = max(bytes, 1)
        for count in shape {
            let (product, overflow) = whole.multipliedReportingOverflow(by: max(count, 1))
            guard !overflow else {
                throw FormatProblem("expected an array that fits into a file, found shape \(shape)")
            }
            whole = product
        }
        (self.kind, self.size) = (kind, bytes)
        (isBigEndian, isColumnMajor) = (ends == ">", order.hasPrefix("True"))
        length = begin + size
    }

    /// Numbers from bytes as they lie in the file; nil for text and other things.
    func numbers(_ bytes: [UInt8]) -> [Double]? {
        NumPyType(kind: kind, size: size).numbers(bytes, isBigEndian: isBigEndian)
    }
}
