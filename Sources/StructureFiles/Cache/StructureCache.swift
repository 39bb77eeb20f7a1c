import Atoms
import Files
import Foundation

/// A binary copy of a structure file of any format, mapped into memory: structures are decoded when they are asked for,
/// so a set may be larger than the memory, and is read again without parsing.
///
/// The file begins with the word `apuscach` and its version; then one record after another, every number in 8 bytes,
/// little-endian, every text behind its length; the index, which is the place of each record; the description, which
/// names the file it was made from by its SHA-256, and the label keys; the number of structures and the places of the
/// index and of the description; and a `Trailer`. A cache of anything else, or one whose trailer does not fit, is made
/// anew.
public final class StructureCache: Sendable {
    public let path: String
    public let census: LabelCensus
    /// What people should know about how the file was read: `StructureReader.remarks`.
    public let readerRemarks: [String]
    /// Why a cache that was there was not taken; `nil` where it was, or there was none.
    public let remark: String?
    private let bytes: Data
    private let places: [UInt64]

    public var count: Int { places.count }

    private struct Description: Codable, Equatable {
        var sha256: String
        var keys: [String?]
        var census: LabelCensus?
        var remarks: [String]?
    }

    private static let word = Data("apuscach".utf8)
    private static let version: UInt64 = 4
    private static let (headerSize, footerSize) = (16, 24)

    /// Opens the cache of a file in a folder, or makes it. The folder is made where it is missing.
    ///
    /// Throws a `StructureFileError` when the file is bad, or the cache cannot be written.
    public init(of file: String, sha256: String, labels: LabelKeys, in folder: String) throws {
        let others = Property.others.map { labels.others[$0] }
        let wanted = Description(
            sha256: sha256,
            keys: [labels.energy, labels.forces, labels.stress, labels.virial] + others + [labels.unstated.words])
        path = "\(folder)/\(sha256.prefix(16)).cache"
        switch Self.open(path, wanted) {
        case .opened(let contents):
            (bytes, places, census, remark) = (contents.bytes, contents.places, contents.census, nil)
            readerRemarks = contents.remarks
            return
        case .absent: remark = nil
        case .unfit(let reason): remark = "\(path): \(reason); the cache is made anew from \(file)"
        }
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw SystemError(folder, while: "making the folder", because: error)
        }
        try Self.make(path, from: file, labels, wanted)
        guard case .opened(let contents) = Self.open(path, wanted) else {
            throw StructureFileError(file: path, message: "cannot be read after it was written; is the disk full?")
        }
        (bytes, places, census) = (contents.bytes, contents.places, contents.census)
        readerRemarks = contents.remarks
    }

    private struct Contents {
        var bytes: Data
        var places: [UInt64]
        var census: LabelCensus
        var remarks: [String]
    }

    private enum Opening {
        case opened(Contents)
        case absent
        /// Something is there that is not taken, for this reason.
        case unfit(String)
    }

    private static func open(_ path: String, _ wanted: Description) -> Opening {
        guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped) else {
            return access(path, F_OK) == 0 ? .unfit("cannot be read") : .absent
        }
        guard bytes.count >= headerSize, bytes.prefix(8) == word else { return .unfit("is no cache") }
        guard bytes.number(UInt64.self, at: 8) == version else { return .unfit("is of another version of Apus") }
        let content: Data
        switch Trailer.check(bytes) {
        case .intact(let all): content = all
        case .damaged: return .unfit("is damaged: its checksum does not fit")
        case .absent: return .unfit("is cut off")
        }
        let end = content.count - footerSize
        guard end >= headerSize else { return .unfit("is cut off") }
        let (count, index, description) = (
            bytes.number(UInt64.self, at: end), bytes.number(UInt64.self, at: end + 8),
            bytes.number(UInt64.self, at: end + 16)
        )
        guard description <= UInt64(end), index <= description, description - index == 8 * count,
            let text = try? JSONDecoder().decode(Description.self, from: bytes.subdata(in: Int(description)..<end)),
            let census = text.census
        else { return .unfit("is no cache of this kind") }
        guard text.sha256 == wanted.sha256 else { return .unfit("is of other data") }
        guard text.keys == wanted.keys else { return .unfit("holds labels of other keys") }
        let places = (0..<Int(count)).map { bytes.number(UInt64.self, at: Int(index) + 8 * $0) }
        return .opened(Contents(bytes: bytes, places: places, census: census, remarks: text.remarks ?? []))
    }

    private static func make(_ path: String, from file: String, _ labels: LabelKeys, _ wanted: Description) throws {
        let output = try OutputFile(path, hasTrailer: true)
        let reader = try StructureFormats.open(file, labels: labels)
        var places: [UInt64] = []
        var buffer = word
        buffer.append(version)
        var written: UInt64 = 0
        func flush() throws {
            try output.write(buffer)
            written += UInt64(buffer.count)
            buffer.removeAll(keepingCapacity: true)
        }
        while let structure = try reader.next() {
            places.append(written + UInt64(buffer.count))
            buffer.append(structure)
            if buffer.count > 1 << 22 { try flush() }
        }
        var description = wanted
        description.census = reader.census
        description.remarks = reader.remarks
        let index = written + UInt64(buffer.count)
        for place in places { buffer.append(place) }
        let end = written + UInt64(buffer.count)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        buffer.append(try encoder.encode(description))
        for number in [UInt64(places.count), index, end] { buffer.append(number) }
        try flush()
        try output.close()
    }

    /// A structure as it was read. What was written whole is read without further checks.
    public subscript(index: Int) -> Structure {
        bytes.withUnsafeBytes { bytes in
            var record = Record(bytes: bytes, place: Int(places[index]))
            let (count, flags) = (Int(record.number(Int64.self)), record.number(UInt64.self))
            let has = { (field: Field) in flags & field.rawValue != 0 }
            let elements = (0..<count).map { _ in Element(atomicNumber: Int(record.number(Int64.self)))! }
            var structure = Structure(elements: elements, positions: record.vectors(count))
            if has(.cell) {
                let vectors = record.matrix()
                structure.cell = Cell(vectors, periodic: (has(.periodicA), has(.periodicB), has(.periodicC)))
            }
            if has(.energy) { structure.energy = record.number(Double.self) }
            if has(.stress) { structure.stress = record.matrix() }
            if has(.forces) { structure.forces = record.vectors(count) }
            if has(.velocities) { structure.velocities = record.vectors(count) }
            for _ in 0..<record.number(Int64.self) {
                let key = record.text()
                structure.information[key] = record.text()
            }
            for _ in 0..<record.number(Int64.self) {
                let name = record.text()
                let numbers = (0..<record.number(Int64.self)).map { _ in record.number(Double.self) }
                // What an older program does not know, it has not asked for either.
                if let property = Property(named: name) { structure.properties[property] = numbers }
            }
            return structure
        }
    }

    /// The numbers and words of a record, one after another.
    private struct Record {
        let bytes: UnsafeRawBufferPointer
        var place: Int

        mutating func number<Number: BitwiseCopyable>(_ type: Number.Type) -> Number {
            defer { place += 8 }
            return bytes.loadUnaligned(fromByteOffset: place, as: type)
        }

        mutating func vectors(_ count: Int) -> [SIMD3<Double>] {
            (0..<count).map { _ in SIMD3(number(Double.self), number(Double.self), number(Double.self)) }
        }

        mutating func matrix() -> Matrix3 { Matrix3(elements: (0..<9).map { _ in number(Double.self) }) }

        mutating func text() -> String {
            let count = Int(number(Int64.self))
            defer { place += count }
            return String(decoding: bytes[place..<place + count], as: UTF8.self)
        }
    }

    /// What a record holds beside its atoms.
    fileprivate enum Field: UInt64 {
        case cell = 1
        case periodicA = 2
        case periodicB = 4
        case periodicC = 8
        case energy = 16
        case stress = 32
        case forces = 64
        case velocities = 128
    }
}

extension Data {
    fileprivate func number<Number: BitwiseCopyable>(_ type: Number.Type, at offset: Int) -> Number {
        withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: type) }
    }

    fileprivate mutating func append<Number: BitwiseCopyable>(_ number: Number) {
        Swift.withUnsafeBytes(of: number) { append(contentsOf: $0) }
    }

    fileprivate mutating func append(_ text: String) {
        append(Int64(text.utf8.count))
        append(contentsOf: text.utf8)
    }

    fileprivate mutating func append(_ vectors: [SIMD3<Double>]) {
        for vector in vectors { for axis in 0..<3 { append(vector[axis]) } }
    }

    fileprivate mutating func append(_ structure: Structure) {
        typealias Field = StructureCache.Field
        var flags: UInt64 = 0
        func mark(_ field: Field, _ condition: Bool) { if condition { flags |= field.rawValue } }
        mark(.cell, structure.cell != nil)
        for (axis, field) in [Field.periodicA, .periodicB, .periodicC].enumerated() {
            mark(field, structure.cell?.repeats(along: axis) ?? false)
        }
        mark(.energy, structure.energy != nil)
        mark(.stress, structure.stress != nil)
        mark(.forces, structure.forces != nil)
        mark(.velocities, structure.velocities != nil)
        append(Int64(structure.count))
        append(flags)
        for element in structure.elements { append(Int64(element.atomicNumber)) }
        append(structure.positions)
        for number in structure.cell?.vectors.elements ?? [] { append(number) }
        if let energy = structure.energy { append(energy) }
        for number in structure.stress?.elements ?? [] { append(number) }
        if let forces = structure.forces { append(forces) }
        if let velocities = structure.velocities { append(velocities) }
        append(Int64(structure.information.count))
        for (key, value) in structure.information.sorted(by: { $0.key < $1.key }) {
            append(key)
            append(value)
        }
        append(Int64(structure.properties.count))
        for (property, numbers) in structure.properties.sorted(by: { $0.key < $1.key }) {
            append(property.name)
            append(Int64(numbers.count))
            for number in numbers { append(number) }
        }
    }
}
