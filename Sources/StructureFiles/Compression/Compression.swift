/// The ways of compressing files that are undone while reading, known by their first bytes.
enum Compression: String, CaseIterable, Sendable {
    case gzip, xz, zstd

    /// Endings of names.
    var suffixes: [String] {
        switch self {
        case .gzip: [".gz", ".gzip"]
        case .xz: [".xz"]
        case .zstd: [".zst", ".zstd"]
        }
    }

    /// RFC 1952; The .xz File Format 1.2.1; RFC 8878.
    var magic: [UInt8] {
        switch self {
        case .gzip: [0x1F, 0x8B]
        case .xz: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]
        case .zstd: [0x28, 0xB5, 0x2F, 0xFD]
        }
    }

    private func decompressor() -> any Decompressor {
        switch self {
        case .gzip: GzipDecompressor()
        case .xz: XZDecompressor()
        case .zstd: ZstandardDecompressor()
        }
    }

    /// The bytes of a file, decompressed if need be, and by what; of an archive of one file, those of that file.
    static func open(_ path: String) throws -> (source: any ByteSource, compression: Compression?) {
        let file = try FileSource(path: path)
        let start = try file.peek(6)
        guard let compression = allCases.first(where: { start.starts(with: $0.magic) }) else {
            return (TarSource(file), nil)
        }
        let plain = DecompressedSource(file, by: compression.decompressor(), named: compression.rawValue)
        return (TarSource(plain), compression)
    }
}
