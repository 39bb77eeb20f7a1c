import Foundation

/// Bytes one after another, from a file or through a decompressor: what lies under every reader of text.
protocol ByteSource: AnyObject {
    var path: String { get }

    /// The number of bytes read into a target that is not empty, zero at the end. Throws a `StructureFileError`.
    func read(into target: UnsafeMutableRawBufferPointer) throws -> Int
}

/// The bytes of a file as they are, closed with the last reference.
final class FileSource: ByteSource {
    let path: String
    private let descriptor: Int32
    /// The first bytes, looked at already and not yet read: a pipe gives them once only.
    private var start: ArraySlice<UInt8> = []

    init(path: String) throws {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw StructureFileError(
                file: path, message: "cannot be opened: \(String(cString: strerror(errno))); check the path")
        }
        var status = stat()
        guard fstat(descriptor, &status) != 0 || status.st_mode & S_IFMT != S_IFDIR else {
            close(descriptor)
            throw StructureFileError(
                file: path, message: "is a folder, expected a file or a pattern (\(FilePattern.all(in: path)))")
        }
    }

    deinit { close(descriptor) }

    /// The first bytes, which will be read all the same; fewer only where the file ends.
    func peek(_ count: Int) throws -> ArraySlice<UInt8> {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let more = try bytes.withUnsafeMutableBytes {
                try read(into: UnsafeMutableRawBufferPointer(rebasing: $0[filled...]))
            }
            guard more > 0 else { break }
            filled += more
        }
        start = bytes[..<filled]
        return start
    }

    func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        if !start.isEmpty {
            let count = min(start.count, target.count)
            target.copyBytes(from: start.prefix(count))
            start = start.dropFirst(count)
            return count
        }
        while true {
            let count = Foundation.read(descriptor, target.baseAddress, target.count)
            if count >= 0 { return count }
            guard errno == EINTR else {
                throw StructureFileError(
                    file: path, message: "cannot be read: \(String(cString: strerror(errno))); check the path")
            }
        }
    }
}
