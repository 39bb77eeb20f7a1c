/// A tar archive with one file in it, given as that file; other bytes are given as they are.
///
/// Archives are known by the checksum of their first header (POSIX.1-2017, pax, ustar interchange format).
final class TarSource: ByteSource {
    private let inner: any ByteSource
    var path: String { inner.path }
    /// What was read of the inner source and is not handed on yet.
    private var waiting: ArraySlice<UInt8> = []
    private var isBegun = false
    /// Bytes of the file that are still to come; nil for what is no archive.
    private var remaining: Int?
    /// Zeros that fill its last block.
    private var padding = 0

    private static let block = 512

    init(_ inner: any ByteSource) { self.inner = inner }

    func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        if !isBegun {
            isBegun = true
            waiting = try take(Self.block)[...]
            if Self.isHeader(waiting) { try beginFile() }
        }
        guard let left = remaining else { return try hand(target) }
        guard left > 0 else {
            try seeEnd()
            return 0
        }
        let count = try hand(UnsafeMutableRawBufferPointer(rebasing: target.prefix(left)))
        guard count > 0 else { throw problem("ends in the middle of the file that is packed in it; copy it again") }
        remaining = left - count
        return count
    }

    private func problem(_ words: String) -> StructureFileError {
        StructureFileError(file: path, message: "is a tar archive and \(words)")
    }

    private func hand(_ target: UnsafeMutableRawBufferPointer) throws -> Int {
        guard !waiting.isEmpty else { return try inner.read(into: target) }
        let count = min(waiting.count, target.count)
        target.copyBytes(from: waiting.prefix(count))
        waiting = waiting.dropFirst(count)
        return count
    }

    /// So many bytes, or all that there are.
    private func take(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let more = try bytes.withUnsafeMutableBytes {
                try hand(UnsafeMutableRawBufferPointer(rebasing: $0[filled...]))
            }
            guard more > 0 else { break }
            filled += more
        }
        return Array(bytes.prefix(filled))
    }

    /// Whether the sum of the header's bytes is the one that it states.
    private static func isHeader(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.count == block else { return false }
        let header = Array(bytes)
        guard header[257..<262].elementsEqual("ustar".utf8), let stated = octal(header[148..<156]) else {
            return false
        }
        let sum = header.enumerated().reduce(0) { $0 + (148..<156 ~= $1.offset ? 32 : Int($1.element)) }
        return sum == stated
    }

    private static func octal(_ bytes: ArraySlice<UInt8>) -> Int? {
        let digits = String(decoding: bytes.filter { $0 != 0 && $0 != 0x20 }, as: UTF8.self)
        return digits.isEmpty ? 0 : Int(digits, radix: 8)
    }

    /// From a header in `waiting` to the first file: names and attributes of pax are passed over.
    private func beginFile() throws {
        while true {
            let header = Array(waiting)
            guard let size = Self.octal(header[124..<136]), size >= 0 else {
                throw problem("its header is damaged; unpack it")
            }
            waiting = []
            let fill = (Self.block - size % Self.block) % Self.block
            switch header[156] {
            case 0, UInt8(ascii: "0"):
                (remaining, padding) = (size, fill)
                return
            case UInt8(ascii: "x"), UInt8(ascii: "g"), UInt8(ascii: "L"), UInt8(ascii: "K"):
                guard size <= 1 << 20, try take(size + fill).count == size + fill else {
                    throw problem("its header is damaged; unpack it")
                }
            default: throw problem("holds something else than a file; unpack it")
            }
            waiting = try take(Self.block)[...]
            guard Self.isHeader(waiting) else { throw problem("holds no file; unpack it") }
        }
    }

    /// Behind the file there is nothing but zeros.
    private func seeEnd() throws {
        guard remaining == 0 else { return }
        _ = try take(padding)
        padding = 0
        while true {
            let block = try take(Self.block)
            if block.isEmpty { return }
            guard block.allSatisfy({ $0 == 0 }) else {
                throw problem("holds more than one file; unpack it, and give the files by their names")
            }
        }
    }
}
