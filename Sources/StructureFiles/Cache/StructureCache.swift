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
    private static let version: UInt64 = 5
    private static let (headerSize, footerSize) = (16, 24)

    /// Opens the cache of a file in a folder, or makes it. The folder is made where it is missing.
    ///
    /// Throws a `StructureFileError` when the file is bad, or the cache cannot be written.
    public init(of file: String, sha256: String, labels: LabelKeys, in folder: String) throws {
        let others = Property.others.map { labels.others[$0] }
        let wanted = Description(
            sha256: sha256,
            keys: [labels.energy, labels.forces, labels.stress, labels.virial, labels.weight, labels.forceWeights]
                + others + [labels.unstated.words] + (labels.keepsUnconverged ? ["keep_unconverged"] : []))
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
            StructureRecord.append(structure, to: &buffer)
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
        bytes.withUnsafeBytes { StructureRecord.structure(in: $0, at: Int(places[index])) }
    }
}

extension Data {
    fileprivate func number<Number: BitwiseCopyable>(_ type: Number.Type, at offset: Int) -> Number {
        withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: type) }
    }

    fileprivate mutating func append(_ number: UInt64) {
        Swift.withUnsafeBytes(of: number) { append(contentsOf: $0) }
    }
}
