import CZlib

/// Streams of gzip (RFC 1952), with their checksums.
final class GzipDecompressor: Decompressor {
    private var stream = z_stream()
    private var isOpen = false

    deinit { if isOpen { inflateEnd(&stream) } }

    func begin() throws {
        if isOpen { inflateEnd(&stream) }
        stream = z_stream()
        // 15 bits of window, the most there are; 16 more ask for gzip's header.
        let status = inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        isOpen = status == Z_OK
        guard isOpen else { throw problem(status) }
    }

    func step(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws -> DecompressionStep
    {
        let (given, room) = (min(input.count, 1 << 30), min(output.count, 1 << 30))
        // zlib's header does not say that it only reads the input.
        stream.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress.map { $0.assumingMemoryBound(to: UInt8.self) })
        stream.avail_in = UInt32(given)
        stream.next_out = output.baseAddress.map { $0.assumingMemoryBound(to: UInt8.self) }
        stream.avail_out = UInt32(room)
        let status = inflate(&stream, Z_NO_FLUSH)
        guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else { throw problem(status) }
        return DecompressionStep(
            taken: given - Int(stream.avail_in), made: room - Int(stream.avail_out), hasEnded: status == Z_STREAM_END)
    }

    private func problem(_ status: Int32) -> FormatProblem {
        FormatProblem(stream.msg.map { String(cString: $0) } ?? String(cString: zError(status)))
    }
}
