import Foundation

/// A netCDF file of the classic formats (CDF-1, CDF-2, CDF-5), read in place: its header, and numbers of its variables.
///
/// Sizes that the header declares are held against the file before memory is taken for them. The formats that are HDF5
/// inside are none of these. NetCDF Classic Format Specification, Unidata.
struct ClassicNetCDF {
    struct Variable {
        let name: String
        /// Lengths, outermost first; of a record variable the first is the number of records.
        let shape: [Int]
        let isRecord: Bool
        fileprivate let type: Int
        fileprivate let begin: Int
        /// Numbers of one record, or of all where there are none.
        var perRecord: Int { shape.dropFirst(isRecord ? 1 : 0).reduce(1, *) }
    }

    let variables: [String: Variable]
    let records: Int
    private let bytes: Data
    private let recordSize: Int

    static let magic: [[UInt8]] = [Array("CDF\u{1}".utf8), Array("CDF\u{2}".utf8), Array("CDF\u{5}".utf8)]
    private static let largestHeader = 1 << 20

    /// Throws a `FormatProblem` for what is no such file, or not a whole one.
    init(_ bytes: Data) throws {
        self.bytes = bytes
        var header = Header(bytes: bytes)
        let version = try header.version()
        let declared = try header.count(wide: version == 5)
        let isStreamed = declared == (version == 5 ? Int.max : 0xFFFF_FFFF)
        let dimensions = try header.dimensions(version)
        try header.skipAttributes(version)
        let found = try header.variables(version, dimensions)
        // Without the records' own dimension yet.
        let sizes = found.filter(\.isRecord).map { Self.size(of: $0.type) * $0.shape.reduce(1, *) }
        // A single record variable is not padded.
        recordSize = sizes.count == 1 ? sizes[0] : sizes.reduce(0) { $0 + ($1 + 3) / 4 * 4 }
        let front = found.filter(\.isRecord).map(\.begin).min() ?? 0
        let fitting = recordSize > 0 ? max(0, bytes.count - front) / recordSize : 0
        records = isStreamed ? fitting : declared
        guard records <= fitting || sizes.isEmpty else {
            throw FormatProblem("expected \(records) records, found \(fitting): the file was cut off")
        }
        let all = records
        variables = Dictionary(
            found.map { variable in
                (
                    variable.name,
                    Variable(
                        name: variable.name, shape: (variable.isRecord ? [all] : []) + variable.shape,
                        isRecord: variable.isRecord, type: variable.type, begin: variable.begin)
                )
            }, uniquingKeysWith: { first, _ in first })
    }

    /// All numbers of a variable, or those of a record.
    ///
    /// Throws a `FormatProblem` where the file has no such variable of this rank, or ends before its numbers do.
    func numbers(_ name: String, rank: Int, record: Int? = nil) throws -> [Double] {
        guard let variable = variables[name] else { throw FormatProblem("expected the variable \(name), found none") }
        guard variable.shape.count == rank else {
            throw FormatProblem("expected \(name) of rank \(rank), found \(variable.shape.count)")
        }
        let size = Self.size(of: variable.type)
        guard variable.isRecord == (record != nil), [3, 4, 5, 6].contains(variable.type) else {
            throw FormatProblem("expected numbers of \(name), found another kind of variable")
        }
        let start = variable.begin + (record ?? 0) * recordSize
        let count = variable.perRecord
        guard start >= 0, count >= 0, start <= bytes.count, count <= (bytes.count - start) / size else {
            throw FormatProblem("expected \(count) numbers of \(name), found the end of the file")
        }
        return (0..<count).map { index in
            let at = start + index * size
            switch variable.type {
            case 3: return Double(Int16(truncatingIfNeeded: word(at, 2)))
            case 4: return Double(Int32(truncatingIfNeeded: word(at, 4)))
            case 5: return Double(Float(bitPattern: UInt32(word(at, 4))))
            default: return Double(bitPattern: word(at, 8))
            }
        }
    }

    /// Big-endian.
    private func word(_ at: Int, _ size: Int) -> UInt64 {
        (0..<size).reduce(0) { $0 << 8 | UInt64(bytes[bytes.startIndex + at + $1]) }
    }

    /// Bytes of a number of a type: byte, char, short, int, float, double, and those of CDF-5.
    fileprivate static func size(of type: Int) -> Int { [1, 1, 2, 4, 4, 8, 1, 2, 4, 8, 8][type - 1] }

    /// What stands before the numbers.
    private struct Header {
        let bytes: Data
        var at = 4

        func version() throws -> Int {
            guard ClassicNetCDF.magic.contains(where: { bytes.starts(with: $0) }) else {
                throw FormatProblem("expected a classic netCDF file, found another")
            }
            return Int(bytes[bytes.startIndex + 3])
        }

        mutating func number(_ size: Int) throws -> Int {
            guard at <= bytes.count - size else { throw FormatProblem("the header of the netCDF file is cut off") }
            var value: UInt64 = 0
            for place in 0..<size { value = value << 8 | UInt64(bytes[bytes.startIndex + at + place]) }
            at += size
            return Int(min(value, UInt64(Int.max)))
        }

        mutating func count(wide: Bool) throws -> Int { try number(wide ? 8 : 4) }

        /// The length of a list that begins with a tag; 0 where it is absent.
        private mutating func list(_ tag: Int, _ version: Int) throws -> Int {
            let found = try number(4)
            let length = try count(wide: version == 5)
            guard found == tag || (found == 0 && length == 0), length <= ClassicNetCDF.largestHeader else {
                throw FormatProblem("the header of the netCDF file is damaged")
            }
            return length
        }

        private mutating func name(_ version: Int) throws -> String {
            let length = try count(wide: version == 5)
            guard length <= 4096, at <= bytes.count - length else {
                throw FormatProblem("the header of the netCDF file is damaged")
            }
            let start = bytes.startIndex + at
            at += (length + 3) / 4 * 4
            return String(decoding: bytes[start..<start + length], as: UTF8.self)
        }

        mutating func dimensions(_ version: Int) throws -> [Int] {
            var lengths: [Int] = []
            for _ in 0..<(try list(10, version)) {
                _ = try name(version)
                lengths.append(try count(wide: version == 5))
            }
            return lengths
        }

        mutating func skipAttributes(_ version: Int) throws {
            for _ in 0..<(try list(12, version)) {
                _ = try name(version)
                let size = try type()
                let length = try count(wide: version == 5)
                guard length <= ClassicNetCDF.largestHeader else {
                    throw FormatProblem("the header of the netCDF file is damaged")
                }
                at += (length * ClassicNetCDF.size(of: size) + 3) / 4 * 4
            }
        }

        private mutating func type() throws -> Int {
            let type = try number(4)
            guard (1...11).contains(type) else { throw FormatProblem("the header of the netCDF file is damaged") }
            return type
        }

        mutating func variables(_ version: Int, _ dimensions: [Int]) throws -> [Variable] {
            var found: [Variable] = []
            for _ in 0..<(try list(11, version)) {
                let name = try name(version)
                let rank = try count(wide: version == 5)
                guard rank <= 16 else { throw FormatProblem("the header of the netCDF file is damaged") }
                var shape: [Int] = []
                for _ in 0..<rank {
                    let index = try count(wide: version == 5)
                    guard dimensions.indices.contains(index) else {
                        throw FormatProblem("the header of the netCDF file is damaged")
                    }
                    shape.append(dimensions[index])
                }
                try skipAttributes(version)
                let type = try type()
                // Its size is known from the shape.
                _ = try count(wide: version == 5)
                let begin = try number(version == 1 ? 4 : 8)
                let isRecord = shape.first == 0
                let inner = Array(shape.dropFirst(isRecord ? 1 : 0))
                var total = 1
                for length in inner {
                    let (product, overflow) = total.multipliedReportingOverflow(by: length)
                    guard !overflow, product <= max(bytes.count, 1) else {
                        throw FormatProblem("expected \(name) within the file, found it declared larger")
                    }
                    total = product
                }
                guard begin <= bytes.count else {
                    throw FormatProblem("expected \(name) within the file, found it declared behind its end")
                }
                found.append(Variable(name: name, shape: inner, isRecord: isRecord, type: type, begin: begin))
            }
            return found
        }
    }
}
