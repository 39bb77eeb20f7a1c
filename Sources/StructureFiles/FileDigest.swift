import Files
import Foundation

/// The SHA-256 of files, by which data are known whatever they are called.
public enum FileDigest {
    /// Whether a path leads to a file that can be read more than once: no folder, pipe or device.
    public static func isRegular(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// As hexadecimal text. Throws a `StructureFileError` where the file cannot be read, or only once.
    public static func sha256(of path: String) throws -> String {
        let file = try FileSource(path: path)
        guard isRegular(path) else {
            throw StructureFileError(
                file: path,
                message:
                    "is no file but a pipe or a device, and would have to be read more than once; write it to a file first"
            )
        }
        var hash = SHA256()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
            guard count > 0 else { return hash.hexadecimal() }
            buffer.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }

    /// Two files of a list that hold the same, with their digests: the later first.
    public static func firstCopy(_ files: [(path: String, sha256: String)]) -> (copy: String, original: String)? {
        var known: [String: String] = [:]
        for (path, digest) in files {
            if let original = known[digest] { return (path, original) }
            known[digest] = path
        }
        return nil
    }
}
