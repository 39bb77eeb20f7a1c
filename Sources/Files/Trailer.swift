import Foundation

/// The last 16 bytes of our own binary files: the word `APUS.C64` and the CRC-64 of everything before it,
/// little-endian, so that no damaged or missing byte goes unnoticed.
///
/// A file that is written bit by bit gets it from `OutputFile(…, hasTrailer: true)`. In safetensors, where nothing may
/// follow, the metadata hold the checksum instead (`Safetensors.seal`).
public enum Trailer {
    private static let word = Data("APUS.C64".utf8)
    private static let size = 16

    public enum Outcome {
        /// The content, without the trailer; not copied.
        case intact(Data)
        /// What was written is not what is there.
        case damaged
        /// There is no trailer: the file was cut off, or is an older or another one.
        case absent
    }

    /// Adds it to a content.
    public static func seal(_ data: inout Data) { data.append(bytes(checksum(of: data))) }

    public static func check(_ data: Data) -> Outcome {
        guard data.count >= size, data.suffix(size).prefix(word.count) == word else { return .absent }
        let content = data.dropLast(size)
        return bytes(checksum(of: content)) == data.suffix(size) ? .intact(content) : .damaged
    }

    static func bytes(_ checksum: CRC64) -> Data {
        word + withUnsafeBytes(of: checksum.value.littleEndian) { Data($0) }
    }

    private static func checksum(of data: Data) -> CRC64 {
        var checksum = CRC64()
        checksum.update(data)
        return checksum
    }
}
