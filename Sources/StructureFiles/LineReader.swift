import Foundation

/// A file read line by line in chunks, compressed or not, so that memory does not grow with the file.
public struct LineReader {
    /// The bytes at hand; `line` is where the present line lies in them, without its line end (LF or CRLF).
    private(set) var buffer: [UInt8]
    private(set) var line = 0..<0
    /// The number of the present line, from 1. After the end of the file: the line that would come next.
    private(set) var number = 0

    /// Whether a last line that does not end with a line end is none: a program that ended by itself has ended its
    /// lines, and of a number without an end nobody could tell that it was cut.
    var passesOverUnfinishedLine = false

    private let source: any ByteSource
    /// Whether the lines are those of the decompressed file.
    let isCompressed: Bool
    /// Where the buffer begins in the text.
    private var front = 0
    private var next = 0
    private var filled = 0
    private var isAtEnd = false

    /// No frame's comment comes near this; a longer line is another kind of file.
    private static let longestLine = 1 << 28

    /// Throws a `StructureFileError` where the file cannot be read; unless told otherwise, also where it is known to be
    /// no text in UTF-8.
    init(path: String, chunk: Int = 1 << 20, refusesForeignFiles: Bool = true) throws {
        let (source, compression) = try Compression.open(path)
        (self.source, isCompressed) = (source, compression != nil)
        buffer = Array(repeating: 0, count: chunk)
        // A decompressor or a pipe may give little at a time, and a format is known by several lines.
        while !isAtEnd, filled < min(Self.startSize, chunk - 1) { try fill() }
        if refusesForeignFiles, let refusal = ForeignFiles.refusal(of: buffer[0..<filled]) {
            throw StructureFileError(file: path, message: refusal)
        }
        let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
        if filled >= 3, Array(buffer[0..<3]) == byteOrderMark { next = 3 }
    }

    private static let startSize = 1 << 13

    var path: String { source.path }

    /// The first bytes of the text, before any line is read: some thousands where there are as many.
    var start: ArraySlice<UInt8> { buffer[next..<min(filled, next + Self.startSize)] }

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
                guard next < filled, !passesOverUnfinishedLine else {
                    next = filled
                    return false
                }
                line = next..<(buffer[filled - 1] == UInt8(ascii: "\r") ? filled - 1 : filled)
                next = filled
                return true
            }
            searched = filled - next
            try fill()
            searched += next
        }
    }

    /// Passes over whole lines of the buffer up to one that begins so; whether there is one.
    mutating func passOver(allBut beginnings: LineBeginnings) -> Bool {
        var (at, passed, isFound) = (next, 0, false)
        let end = filled
        buffer.withUnsafeBytes { bytes in
            beginnings.table.withUnsafeBufferPointer { table in
                guard let base = bytes.baseAddress else { return }
                while at < end, let place = memchr(base + at, 0x0A, end - at) {
                    let lineEnd = base.distance(to: UnsafeRawPointer(place))
                    if Self.matters(bytes, at..<lineEnd, table) {
                        isFound = true
                        return
                    }
                    at = lineEnd + 1
                    passed += 1
                }
            }
        }
        next = at
        number += passed
        return isFound
    }

    /// The present line with its end, where it has one.
    var lineWithEnd: Range<Int> { line.lowerBound..<next }

    /// Steps back, so that `advance` gives the present line again.
    mutating func stepBack() {
        next = line.lowerBound
        number -= 1
    }

    /// How many bytes of the text lie before the next line.
    var position: Int { front + next }

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
            front += next
            next = 0
        }
        if filled == buffer.count {
            guard buffer.count < Self.longestLine else {
                throw StructureFileError(
                    file: path, line: number,
                    message: "expected lines of text, found one longer than \(Self.longestLine) bytes; "
                        + "is this a structure file?")
            }
            buffer.append(contentsOf: repeatElement(0, count: buffer.count))
        }
        do {
            let count = try buffer.withUnsafeMutableBytes {
                try source.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[filled...]))
            }
            filled += count
            isAtEnd = count == 0
        } catch let error as StructureFileError where error.line == nil && number > 0 {
            throw StructureFileError(file: path, line: number, message: error.message)
        }
    }

    /// Reads a compressed file to its end, where its checksum stands; does nothing to others.
    mutating func verifyRest() throws {
        guard isCompressed else { return }
        while !isAtEnd {
            next = filled
            try fill()
        }
    }
}
