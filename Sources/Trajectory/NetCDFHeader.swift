import Files
import Foundation

/// Looks through the header of a classic netCDF file before the library does, which crashes on damaged ones.
///
/// Every count is checked against what is left of the file before it is believed, and every variable must lie within
/// the file. Classic and 64-bit offset formats, of which trajectories after the AMBER convention are the second.
/// "The NetCDF Classic Format Specification", Unidata, NetCDF User's Guide, appendix B.
struct NetCDFHeader {
    private let path: String
    private let bytes: [UInt8]
    private let fileSize: Int
    private var position = 0
    private var hasWideOffsets = false
    private var records = 0
    /// Lengths; 0 for the dimension of records.
    private var dimensions: [Int] = []

    /// Longer headers are not believed: one of a hundred variables has some 10 kB.
    private static let longestHeader = 1 << 20

    /// Files of netCDF-4 are HDF5 inside, whose library looks through them itself.
    ///
    /// - Throws: `TrajectoryError` saying what is wrong with the file.
    static func validate(_ path: String) throws {
        let (bytes, size): ([UInt8], Int)
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? handle.close() }
            bytes = [UInt8](try handle.read(upToCount: longestHeader) ?? Data())
            size = Int(try handle.seekToEnd())
        } catch {
            throw TrajectoryError(.cannotRead, path, "cannot read the file: \(SystemError.message(of: error)).")
        }
        var header = NetCDFHeader(path: path, bytes: bytes, fileSize: size)
        try header.validate()
    }

    private init(path: String, bytes: [UInt8], fileSize: Int) {
        self.path = path
        self.bytes = bytes
        self.fileSize = fileSize
    }

    private mutating func validate() throws {
        if NetCDF4Frames.isHDF5(bytes) { return }
        guard bytes.starts(with: "CDF".utf8), bytes.count > 4, bytes[3] == 1 || bytes[3] == 2 else {
            throw TrajectoryError(.malformed, path, "this is no netCDF file of the classic or 64-bit offset format.")
        }
        hasWideOffsets = bytes[3] == 2
        position = 4
        records = try number("the number of frames")
        for _ in 0..<(try listCount(tag: 10, "dimensions", smallest: 8)) {
            try skipName()
            dimensions.append(try number("a dimension"))
        }
        guard dimensions.count(where: { $0 == 0 }) <= 1 else { throw damaged("two dimensions without limit") }
        try skipAttributes()
        var variables: [(begin: Int, size: Int, isRecord: Bool)] = []
        for _ in 0..<(try listCount(tag: 11, "variables", smallest: 28)) { variables.append(try variable()) }

        // Records of one variable alone are not padded to four bytes.
        let recordSize = variables.filter(\.isRecord).reduce(0) { $0 + $1.size }
        for variable in variables {
            guard variable.begin >= position else { throw damaged("a variable within the header") }
            let before =
                variable.isRecord ? max(0, records - 1).multipliedReportingOverflow(by: recordSize) : (0, false)
            let end = before.0.addingReportingOverflow(variable.begin + variable.size)
            let isEmpty = variable.isRecord && records == 0
            guard !before.1, !end.overflow, isEmpty || end.partialValue <= fileSize + 3 else {
                throw damaged("\(records) frames do not fit into its \(fileSize) bytes")
            }
        }
    }

    private func damaged(_ what: String) -> TrajectoryError {
        TrajectoryError(.malformed, path, "the file is damaged: \(what).")
    }

    /// Where a variable begins, and the bytes of it or of one of its records.
    private mutating func variable() throws -> (begin: Int, size: Int, isRecord: Bool) {
        try skipName()
        let rank = try number("the dimensions of a variable")
        guard rank <= 8 else { throw damaged("a variable of \(rank) dimensions") }
        var size = 1
        var isRecord = false
        for axis in 0..<rank {
            let dimension = try number("a dimension of a variable")
            guard dimension < dimensions.count else { throw damaged("a variable of a dimension that is not there") }
            if dimensions[dimension] == 0 {
                guard axis == 0 else { throw damaged("a variable with frames within frames") }
                isRecord = true
            } else {
                let (product, overflow) = size.multipliedReportingOverflow(by: dimensions[dimension])
                guard !overflow, product <= fileSize else { throw damaged("a variable larger than the file") }
                size = product
            }
        }
        try skipAttributes()
        size *= try typeSize()
        _ = try number("the size of a variable")
        var begin = try number("the place of a variable")
        if hasWideOffsets { begin = begin << 32 | (try number("the place of a variable")) }
        guard begin <= fileSize else { throw damaged("a variable behind its end") }
        return (begin, (size + 3) & ~3, isRecord)
    }
}

// MARK: - Parts

extension NetCDFHeader {
    /// A big-endian number of four bytes.
    private mutating func number(_ what: String) throws -> Int {
        guard position + 4 <= bytes.count else { throw damaged("it ends within \(what)") }
        defer { position += 4 }
        return bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
    }

    private mutating func skip(_ count: Int, _ what: String) throws {
        guard count <= bytes.count - position else { throw damaged("it ends within \(what)") }
        position += count
        // Everything is padded to four bytes.
        position = min((position + 3) & ~3, bytes.count)
    }

    private mutating func skipName() throws {
        let length = try number("a name")
        guard (1...256).contains(length) else { throw damaged("a name of \(length) letters") }
        try skip(length, "a name")
    }

    /// How many elements a list has, each of at least `smallest` bytes.
    private mutating func listCount(tag: Int, _ what: String, smallest: Int) throws -> Int {
        let (found, count) = (try number(what), try number(what))
        guard found == tag || found == 0 && count == 0 else { throw damaged("no list of \(what) where it should be") }
        guard count <= (bytes.count - position) / smallest else { throw damaged("\(count) \(what)") }
        return count
    }

    private mutating func skipAttributes() throws {
        for _ in 0..<(try listCount(tag: 12, "attributes", smallest: 12)) {
            try skipName()
            let size = try typeSize()
            let count = try number("an attribute")
            guard count <= bytes.count else { throw damaged("an attribute of \(count) values") }
            try skip(count * size, "an attribute")
        }
    }

    /// Bytes of one value: byte, char, short, int, float, double.
    private mutating func typeSize() throws -> Int {
        let type = try number("a type")
        guard (1...6).contains(type) else { throw damaged("a value of type \(type)") }
        return [1, 1, 2, 4, 4, 8][type - 1]
    }
}
