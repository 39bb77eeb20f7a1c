import CZlib

/// The files in a zip archive, by its central directory (PKWARE's APPNOTE 6.3), stored or deflated.
struct ZipFile {
    struct Entry {
        var name: String
        var isDeflated: Bool
        var compressed: Int
        var size: Int
        var checksum: UInt32
        var header: Int
    }

    let file: ByteFile
    private(set) var entries: [Entry] = []

    /// An entry beyond this is not read into memory.
    private static let largest = 1 << 33

    /// Throws a `FormatProblem`.
    init(_ file: ByteFile) throws {
        self.file = file
        let tailSize = min(file.count, 66_000)
        let tail = try file.bytes(at: file.count - tailSize, count: tailSize, for: "the directory of the archive")
        guard let end = tail.indices.dropLast(21).last(where: { Self.starts(tail, $0, [0x50, 0x4B, 5, 6]) }) else {
            throw FormatProblem(
                "expected the directory of an archive at the end of the file, found none: it was cut off")
        }
        var (count, place, size) = (
            Self.number(tail, end + 10, 2), Self.number(tail, end + 16, 4), Self.number(tail, end + 12, 4)
        )
        // Archives beyond 4 GiB have another record in front, which a locator leads to.
        if end >= 20, Self.starts(tail, end - 20, [0x50, 0x4B, 6, 7]) {
            let record = try file.bytes(
                at: Self.number(tail, end - 12, 8), count: 56, for: "the directory of the archive")
            (count, size, place) = (
                Self.number(record, 32, 8), Self.number(record, 40, 8), Self.number(record, 48, 8)
            )
        }
        guard count <= 100_000, size <= 1 << 28 else {
            throw FormatProblem("expected a directory within reason, found \(count) entries")
        }
        let directory = try file.bytes(at: place, count: size, for: "the directory of the archive")
        var at = 0
        for _ in 0..<count {
            guard at + 46 <= directory.count, Self.starts(directory, at, [0x50, 0x4B, 1, 2]) else {
                throw FormatProblem("expected an entry of the directory at byte \(place + at), found something else")
            }
            let lengths = (
                Self.number(directory, at + 28, 2), Self.number(directory, at + 30, 2),
                Self.number(directory, at + 32, 2)
            )
            guard at + 46 + lengths.0 + lengths.1 + lengths.2 <= directory.count else {
                throw FormatProblem("expected an entry of the directory, found its end")
            }
            let method = Self.number(directory, at + 10, 2)
            var entry = Entry(
                name: String(decoding: directory[at + 46..<at + 46 + lengths.0], as: UTF8.self),
                isDeflated: method == 8,
                compressed: Self.number(directory, at + 20, 4), size: Self.number(directory, at + 24, 4),
                checksum: UInt32(Self.number(directory, at + 16, 4)), header: Self.number(directory, at + 42, 4))
            guard method == 0 || method == 8, Self.number(directory, at + 8, 2) & 1 == 0 else {
                throw FormatProblem("expected \(entry.name) stored or deflated, found another method of compression")
            }
            Self.readLong(directory[at + 46 + lengths.0..<at + 46 + lengths.0 + lengths.1], into: &entry)
            entries.append(entry)
            at += 46 + lengths.0 + lengths.1 + lengths.2
        }
    }

    /// Numbers that do not fit into four bytes stand in an extra field.
    private static func readLong(_ extra: ArraySlice<UInt8>, into entry: inout Entry) {
        let bytes = Array(extra)
        var at = 0
        while at + 4 <= bytes.count {
            let (kind, size) = (number(bytes, at, 2), number(bytes, at + 2, 2))
            at += 4
            guard kind == 1 else {
                at += size
                continue
            }
            for path in [\Entry.size, \Entry.compressed, \Entry.header] where entry[keyPath: path] == 0xFFFF_FFFF {
                guard at + 8 <= bytes.count else { return }
                entry[keyPath: path] = number(bytes, at, 8)
                at += 8
            }
            return
        }
    }

    private static func starts(_ bytes: [UInt8], _ at: Int, _ magic: [UInt8]) -> Bool {
        at >= 0 && at + magic.count <= bytes.count && magic.indices.allSatisfy { bytes[at + $0] == magic[$0] }
    }

    private static func number(_ bytes: [UInt8], _ at: Int, _ size: Int) -> Int {
        Int(
            truncatingIfNeeded: (0..<size).reduce(UInt64(0)) { $0 | UInt64(bytes[at + $1]) << (8 * UInt64($1)) }
                & 0x7FFF_FFFF_FFFF_FFFF)
    }

    /// An entry's content, of which the checksum is right. Throws a `FormatProblem`.
    func content(_ entry: Entry) throws -> [UInt8] {
        let head = try file.bytes(at: entry.header, count: 30, for: entry.name)
        guard Self.starts(head, 0, [0x50, 0x4B, 3, 4]) else {
            throw FormatProblem("expected \(entry.name) at byte \(entry.header), found something else")
        }
        let begin = entry.header + 30 + Self.number(head, 26, 2) + Self.number(head, 28, 2)
        let stored = try file.bytes(at: begin, count: entry.compressed, for: entry.name)
        guard entry.isDeflated else { return try checked(stored, entry) }
        // zlib makes at most 1032 bytes of one.
        guard entry.size <= Self.largest, entry.size <= 1100 * entry.compressed + 1100 else {
            throw FormatProblem(
                "expected \(entry.name) to be of a size that its \(entry.compressed) bytes can have, found \(entry.size)"
            )
        }
        var stream = z_stream()
        guard inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw FormatProblem("there is no memory for decompression")
        }
        defer { inflateEnd(&stream) }
        var status = Z_OK
        let content = [UInt8](unsafeUninitializedCapacity: entry.size) { target, filled in
            stored.withUnsafeBufferPointer { source in
                var (taken, made) = (0, 0)
                while status == Z_OK {
                    stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress.map { $0 + taken })
                    let (given, room) = (min(source.count - taken, 1 << 30), min(target.count - made, 1 << 30))
                    stream.avail_in = UInt32(given)
                    stream.next_out = target.baseAddress.map { $0 + made }
                    stream.avail_out = UInt32(room)
                    status = inflate(&stream, Z_NO_FLUSH)
                    let (used, new) = (given - Int(stream.avail_in), room - Int(stream.avail_out))
                    (taken, made) = (taken + used, made + new)
                    if used == 0 && new == 0 { break }
                }
                filled = made
            }
        }
        guard status == Z_STREAM_END else {
            throw FormatProblem("expected \(entry.name), found a deflated stream that is damaged")
        }
        return try checked(content, entry)
    }

    private func checked(_ bytes: [UInt8], _ entry: Entry) throws -> [UInt8] {
        let sum = bytes.withUnsafeBufferPointer { buffer in
            var (sum, at) = (UInt(0), 0)
            while at < buffer.count {
                let count = min(buffer.count - at, 1 << 30)
                sum = crc32(sum, buffer.baseAddress! + at, UInt32(count))
                at += count
            }
            return sum
        }
        guard bytes.count == entry.size, UInt32(truncatingIfNeeded: sum) == entry.checksum else {
            throw FormatProblem(
                "expected \(entry.name) with its checksum, found other bytes: the file is damaged; copy it again")
        }
        return bytes
    }
}
