import Atoms
import Foundation

/// A binary copy of an extended XYZ file, mapped into memory: structures are decoded when they are asked for, so a set
/// may be larger than the memory, and is read again without parsing.
///
/// The file begins with the word `apuscach`, its version, the number of structures, and the places of the index and of
/// the description; then one record after another, every number in 8 bytes, little-endian, every text behind its
/// length. The description names the file it was made from by its SHA-256, and the label keys; a cache of anything else
/// is made anew.
public final class StructureCache: Sendable {
    public let path: String
    public let census: LabelCensus
    private let bytes: Data
    private let places: [UInt64]

    public var count: Int { places.count }

    private struct Description: Codable, Equatable {
        var sha256: String
        var keys: [String?]
        var census: LabelCensus?
    }

    private static let word = Data("apuscach".utf8)
    private static let version: UInt64 = 1
    private static let headerSize = 40

    /// Opens the cache of a file in a folder, or makes it. The folder is made where it is missing.
    ///
    /// Throws a `StructureFileError` when the file is bad, or the cache cannot be written.
    public init(of file: String, sha256: String, labels: LabelKeys, in folder: String) throws {
        let wanted = Description(sha256: sha256, keys: [labels.energy, labels.forces, labels.stress, labels.virial])
        path = "\(folder)/\(sha256.prefix(16)).cache"
        if let (bytes, places, census) = Self.open(path, wanted) {
            (self.bytes, self.places, self.census) = (bytes, places, census)
            return
        }
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw StructureFileError(file: folder, message: "cannot be made: \(error.localizedDescription)")
        }
        try Self.make(path, from: file, labels, wanted)
        guard let (bytes, places, census) = Self.open(path, wanted) else {
            throw StructureFileError(file: path, message: "cannot be read after it was written; is the disk full?")
        }
        (self.bytes, self.places, self.census) = (bytes, places, census)
    }

    private static func open(_ path: String, _ wanted: Description) -> (Data, [UInt64], LabelCensus)? {
        guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped),
            bytes.count >= headerSize, bytes.prefix(8) == word
        else { return nil }
        let header = (1..<5).map { bytes.number(UInt64.self, at: 8 * $0) }
        let (count, index, description) = (header[1], header[2], header[3])
        guard header[0] == version, description <= UInt64(bytes.count), index <= description,
            description - index == 8 * count,
            let text = try? JSONDecoder().decode(
                Description.self, from: bytes.subdata(in: Int(description)..<bytes.count)),
            text.sha256 == wanted.sha256, text.keys == wanted.keys, let census = text.census
        else { return nil }
        return (bytes, (0..<Int(count)).map { bytes.number(UInt64.self, at: Int(index) + 8 * $0) }, census)
    }

    private static func make(_ path: String, from file: String, _ labels: LabelKeys, _ wanted: Description) throws {
        let part = "\(path).\(getpid()).part"
        func failure(_ error: any Error) -> StructureFileError {
            StructureFileError(file: path, message: "cannot be written: \(error.localizedDescription)")
        }
        guard FileManager.default.createFile(atPath: part, contents: nil),
            let output = FileHandle(forWritingAtPath: part)
        else { throw StructureFileError(file: part, message: "cannot be written") }
        defer { unlink(part) }
        let reader = try ExtendedXYZReader(path: file, labels: labels)
        var places: [UInt64] = []
        var buffer = Data(count: headerSize)
        var written: UInt64 = 0
        while let structure = try reader.next() {
            places.append(written + UInt64(buffer.count))
            buffer.append(structure)
            if buffer.count > 1 << 22 {
                written += UInt64(buffer.count)
                do { try output.write(contentsOf: buffer) } catch { throw failure(error) }
                buffer.removeAll(keepingCapacity: true)
            }
        }
        var description = wanted
        description.census = reader.census
        do {
            let index = written + UInt64(buffer.count)
            for place in places { buffer.append(place) }
            let end = written + UInt64(buffer.count)
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            buffer.append(try encoder.encode(description))
            try output.write(contentsOf: buffer)
            var header = word
            for number in [version, UInt64(places.count), index, end] { header.append(number) }
            try output.seek(toOffset: 0)
            try output.write(contentsOf: header)
            try output.synchronize()
            try output.close()
        } catch { throw failure(error) }
        guard rename(part, path) == 0 else {
            throw StructureFileError(file: path, message: "cannot be written: \(String(cString: strerror(errno)))")
        }
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
            for text in [key, value] {
                append(Int64(text.utf8.count))
                append(contentsOf: text.utf8)
            }
        }
    }
}
