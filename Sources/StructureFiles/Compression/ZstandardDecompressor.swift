import CZstandard

/// Frames of Zstandard (RFC 8878), with their checksums where there are any.
final class ZstandardDecompressor: Decompressor {
    private let context: OpaquePointer? = ZSTD_createDCtx()

    /// Windows up to 2²⁷ bytes, zstd's own bound; `zstd --ultra --long=31` makes larger ones.
    private static let largestWindow: Int32 = 27

    deinit { ZSTD_freeDCtx(context) }

    func begin() throws {
        guard let context else { throw FormatProblem("not enough memory") }
        try check(ZSTD_DCtx_reset(context, ZSTD_reset_session_only))
        try check(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.largestWindow))
    }

    func step(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws -> DecompressionStep
    {
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let rest = ZSTD_decompressStream(context, &target, &source)
        try check(rest)
        // Nothing is left of the frame.
        return DecompressionStep(taken: source.pos, made: target.pos, hasEnded: rest == 0)
    }

    private func check(_ status: Int) throws {
        guard ZSTD_isError(status) != 0 else { return }
        throw FormatProblem(String(cString: ZSTD_getErrorName(status)))
    }
}
