import Foundation

/// The last 40 bytes of our own binary files: the word `APUS.256` and the SHA-256 of everything before it, so that no
/// changed or missing byte goes unnoticed.
///
/// A file that is written bit by bit gets it from `OutputFile(…, hasTrailer: true)`. In safetensors, where nothing may
/// follow, the metadata hold a digest instead.
public enum Trailer {
    public static let size = 40
    private static let word = Data("APUS.256".utf8)

    public enum Outcome {
        /// The content, without the trailer; not copied.
        case intact(Data)
        /// What was written is not what is there.
        case damaged
        /// There is no trailer: the file was cut off, or is an older or another one.
        case absent
    }

    /// Adds it to a content.
    public static func seal(_ data: inout Data) {
        var hash = SHA256()
        hash.update(data)
        data.append(bytes(hash))
    }

    public static func check(_ data: Data) -> Outcome {
        guard data.count >= size, data.dropLast(size - word.count).suffix(word.count) == word else { return .absent }
        let content = data.dropLast(size)
        var hash = SHA256()
        hash.update(content)
        return Data(hash.digest()) == data.suffix(size - word.count) ? .intact(content) : .damaged
    }

    static func bytes(_ hash: SHA256) -> Data { word + hash.digest() }
}
