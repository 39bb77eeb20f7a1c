import Foundation

/// A file read line by line in chunks, so that memory does not grow with the file.
struct LineReader {
    /// The bytes at hand; `line` is where the present line lies in them, without its line end (LF or CRLF).
    private(set) var buffer: [UInt8]
    private(set) var line = 0..<0
    /// The number of the present line, from 1. After the end of the file: the line that would come next.
    private(set) var number = 0

    private let file: InputFile
    private var next = 0
    private var filled = 0
    private var isAtEnd = false

    /// No frame's comment comes near this; a longer line is another kind of file.
    private static let longestLine = 1 << 28

    init(path: String, chunk: Int = 1 << 20) throws {
        file = try InputFile(path: path)
        buffer = Array(repeating: 0, count: chunk)
        try fill()
        if let refusal = FileFormat.refusal(of: buffer[0..<filled]) {
            throw StructureFileError(file: path, message: refusal)
        }
        let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
        if filled >= 3, Array(buffer[0..<3]) == byteOrderMark { next = 3 }
    }

    /// Moves to the next line; false when there is none.
    mutating func advance() throws -> Bool {
        number += 1
        var searched = next
        while true {
            if let end = newline(from: searched) {
                line = next..<(end > next && buffer[end - 1] == UInt8(ascii: "\r") ? end - 1 : end)
                next = end + 1
                return true
            }
            if isAtEnd {
                guard next < filled else { return false }
                line = next..<(buffer[filled - 1] == UInt8(ascii: "\r") ? filled - 1 : filled)
                next = filled
                return true
            }
            searched = filled - next
            try fill()
            searched += next
        }
    }

    /// Steps back, so that `advance` gives the present line again.
    mutating func stepBack() {
        next = line.lowerBound
        number -= 1
    }

    /// The present line as text; bytes that are not UTF-8 become the replacement character.
    var text: String { String(decoding: buffer[line], as: UTF8.self) }

    private func newline(from start: Int) -> Int? {
        buffer.withUnsafeBytes { bytes in
            guard start < filled, let base = bytes.baseAddress else { return nil }
            return memchr(base + start, 0x0A, filled - start).map { base.distance(to: UnsafeRawPointer($0)) }
        }
    }

    /// Moves the unread rest to the front and reads another chunk behind it.
    private mutating func fill() throws {
        if next > 0 {
            buffer.replaceSubrange(0..<(filled - next), with: buffer[next..<filled])
            filled -= next
            next = 0
        }
        if filled == buffer.count {
            guard buffer.count < Self.longestLine else {
                throw StructureFileError(
                    file: file.path, line: number,
                    message: "expected lines of text, found one longer than \(Self.longestLine) bytes; "
                        + "is this an extended XYZ file?")
            }
            buffer.append(contentsOf: repeatElement(0, count: buffer.count))
        }
        let count = try buffer.withUnsafeMutableBytes {
            try file.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[filled...]))
        }
        filled += count
        isAtEnd = count == 0
    }
}

/// An open file, closed with the last reference.
final class InputFile {
    let path: String
    private let descriptor: Int32

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

    /// The number of bytes read, zero at the end of the file.
    func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
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
