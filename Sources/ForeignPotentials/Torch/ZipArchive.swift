import CZlib
import Foundation

/// A zip archive in memory: its members by name, stored or deflated, checked by their CRC-32.
///
/// PKWARE, APPNOTE.TXT 6.3, with the 64-bit extension. Every size is checked against the file before it is used.
struct ZipArchive {
    private struct Member {
        var method: Int
        var checksum: UInt32
        var compressed, size: Int
        /// Of the local header.
        var offset: Int
    }

    private let data: Data
    private let members: [String: Member]

    var names: some Collection<String> { members.keys }

    /// What a decompressed member may have at most.
    private static let largestMember = 1 << 31

    init(_ data: Data) throws(ForeignPotentialError) {
        self.data = data
        let bytes = LittleEndianBytes(data)
        let directory = try Self.directory(of: bytes)
        var members: [String: Member] = [:]
        var place = directory.offset
        for _ in 0..<directory.count {
            guard try bytes.integer(place, 4) == 0x0201_4B50 else { throw Self.damaged("its directory") }
            let (nameLength, extraLength) = (try bytes.integer(place + 28, 2), try bytes.integer(place + 30, 2))
            let name = String(decoding: try bytes.slice(place + 46, nameLength), as: UTF8.self)
            var member = Member(
                method: try bytes.integer(place + 10, 2), checksum: UInt32(try bytes.integer(place + 16, 4)),
                compressed: try bytes.integer(place + 20, 4), size: try bytes.integer(place + 24, 4),
                offset: try bytes.integer(place + 42, 4))
            try Self.widen(&member, from: bytes, at: place + 46 + nameLength, length: extraLength)
            guard try bytes.integer(place + 8, 2) & 1 == 0 else {
                throw ForeignPotentialError("its member \(name) is encrypted")
            }
            members[name] = member
            place += 46 + nameLength + extraLength + (try bytes.integer(place + 32, 2))
        }
        self.members = members
    }

    /// The bytes of a member; `nil` where there is none.
    func member(_ name: String) throws(ForeignPotentialError) -> Data? {
        guard let member = members[name] else { return nil }
        let bytes = LittleEndianBytes(data)
        guard try bytes.integer(member.offset, 4) == 0x0403_4B50 else { throw Self.damaged(name) }
        let start =
            member.offset + 30 + (try bytes.integer(member.offset + 26, 2))
            + (try bytes.integer(member.offset + 28, 2))
        let stored = try bytes.slice(start, member.compressed)
        let content: Data
        switch member.method {
        case 0: content = stored
        case 8: content = try Self.inflate(stored, size: member.size, name)
        default:
            throw ForeignPotentialError(
                "its member \(name) is compressed by method \(member.method), expected 0 or 8")
        }
        let checksum = content.withUnsafeBytes { crc32_z(0, $0.bindMemory(to: UInt8.self).baseAddress, $0.count) }
        guard content.count == member.size, UInt32(truncatingIfNeeded: checksum) == member.checksum else {
            throw Self.damaged(name)
        }
        return content
    }

    /// Where the list of members is, said at the end of the file.
    private static func directory(
        of bytes: LittleEndianBytes
    ) throws(ForeignPotentialError) -> (offset: Int, count: Int) {
        let last = bytes.count - 22
        guard last >= 0 else { throw ForeignPotentialError("is no zip archive: it has \(bytes.count) bytes") }
        for place in stride(from: last, through: max(0, last - 65_535), by: -1)
        where try bytes.integer(place, 4) == 0x0605_4B50 {
            let (count, offset) = (try bytes.integer(place + 10, 2), try bytes.integer(place + 16, 4))
            guard count == 0xFFFF || offset == 0xFFFF_FFFF, place >= 20,
                try bytes.integer(place - 20, 4) == 0x0706_4B50
            else { return (offset, count) }
            let wide = try bytes.integer(place - 12, 8)
            guard try bytes.integer(wide, 4) == 0x0606_4B50 else { throw damaged("its directory") }
            return (try bytes.integer(wide + 48, 8), try bytes.integer(wide + 32, 8))
        }
        throw ForeignPotentialError("is no zip archive, or its end is missing")
    }

    /// Takes sizes that do not fit into 32 bits from the extra field.
    private static func widen(
        _ member: inout Member, from bytes: LittleEndianBytes, at start: Int, length: Int
    ) throws(ForeignPotentialError) {
        var place = start
        while place + 4 <= start + length {
            let (kind, size) = (try bytes.integer(place, 2), try bytes.integer(place + 2, 2))
            if kind == 1 {
                var next = place + 4
                for field in [\Member.size, \Member.compressed, \Member.offset]
                where member[keyPath: field] == 0xFFFF_FFFF {
                    member[keyPath: field] = try bytes.integer(next, 8)
                    next += 8
                }
            }
            place += 4 + size
        }
    }

    private static func inflate(_ data: Data, size: Int, _ name: String) throws(ForeignPotentialError) -> Data {
        guard size <= largestMember else { throw ForeignPotentialError("its member \(name) has \(size) bytes") }
        var output = Data(count: size)
        var stream = z_stream()
        // A raw stream, without a header of its own.
        guard inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw ForeignPotentialError("zlib has no memory for \(name)")
        }
        defer { inflateEnd(&stream) }
        let end = data.withUnsafeBytes { input in
            output.withUnsafeMutableBytes { output in
                stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.bindMemory(to: UInt8.self).baseAddress
                stream.avail_out = UInt32(output.count)
                return CZlib.inflate(&stream, Z_FINISH)
            }
        }
        guard end == Z_STREAM_END, stream.avail_out == 0 else { throw damaged(name) }
        return output
    }

    private static func damaged(_ what: String) -> ForeignPotentialError {
        ForeignPotentialError("the zip archive is damaged at \(what); fetch it again")
    }
}

/// Little-endian integers among bytes, within their bounds.
struct LittleEndianBytes {
    private let data: Data
    var count: Int { data.count }

    init(_ data: Data) { self.data = data }

    func integer(_ offset: Int, _ size: Int) throws(ForeignPotentialError) -> Int {
        try check(offset, size)
        var value: UInt64 = 0
        for k in (0..<size).reversed() { value = value << 8 | UInt64(data[data.startIndex + offset + k]) }
        guard let integer = Int(exactly: value) else {
            throw ForeignPotentialError("the file is damaged: it claims a size of \(value) bytes")
        }
        return integer
    }

    func slice(_ offset: Int, _ size: Int) throws(ForeignPotentialError) -> Data {
        try check(offset, size)
        return data.subdata(in: data.startIndex + offset..<data.startIndex + offset + size)
    }

    private func check(_ offset: Int, _ size: Int) throws(ForeignPotentialError) {
        guard offset >= 0, size >= 0, size <= data.count, offset <= data.count - size else {
            throw ForeignPotentialError("the file ends too early: \(size) bytes at \(offset) of \(data.count)")
        }
    }
}
