import CLZMA

/// Streams of xz, with their checksums.
final class XZDecompressor: Decompressor {
    private var stream = lzma_stream()

    /// `xz -9` needs 65 MiB to decompress; more is no usual file.
    private static let memoryLimit: UInt64 = 256 << 20

    deinit { lzma_end(&stream) }

    func begin() throws {
        // A stream that is in use may be initialised again.
        let status = lzma_stream_decoder(&stream, Self.memoryLimit, 0)
        guard status == LZMA_OK else { throw problem(status) }
    }

    func step(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws -> DecompressionStep
    {
        stream.next_in = input.baseAddress.map { $0.assumingMemoryBound(to: UInt8.self) }
        stream.avail_in = input.count
        stream.next_out = output.baseAddress.map { $0.assumingMemoryBound(to: UInt8.self) }
        stream.avail_out = output.count
        let status = lzma_code(&stream, LZMA_RUN)
        guard status == LZMA_OK || status == LZMA_STREAM_END || status == LZMA_BUF_ERROR else {
            throw problem(status)
        }
        return DecompressionStep(
            taken: input.count - stream.avail_in, made: output.count - stream.avail_out,
            hasEnded: status == LZMA_STREAM_END)
    }

    private func problem(_ status: lzma_ret) -> FormatProblem {
        switch status {
        case LZMA_MEMLIMIT_ERROR:
            FormatProblem("it asks for more than \(Self.memoryLimit >> 20) MiB of memory")
        case LZMA_MEM_ERROR: FormatProblem("not enough memory")
        case LZMA_FORMAT_ERROR: FormatProblem("what follows is no xz")
        case LZMA_OPTIONS_ERROR: FormatProblem("it asks for filters that liblzma does not know")
        default: FormatProblem("the data are damaged")
        }
    }
}
