import Foundation

/// What is recognised as no text in UTF-8 by its first bytes, after decompression.
enum ForeignFiles {
    private static let compressed: [(start: [UInt8], name: String, program: String)] = [
        ([0x1F, 0x9D], "compress", "uncompress"), (Array("BZh".utf8), "bzip2", "bunzip2"),
        ([0x04, 0x22, 0x4D, 0x18], "lz4", "unlz4"),
        (Array("PK".utf8) + [3, 4], "zip", "unzip"),
    ]
    private static let binary: [(start: [UInt8], name: String)] = [
        ([0x89] + Array("HDF".utf8), "an HDF5 or netCDF file"), (Array("CDF".utf8), "a netCDF file"),
        (Array("SQLite format 3".utf8), "a database (ASE?)"), ([0x80, 0x04, 0x95], "a Python pickle"),
        (Array("%PDF".utf8), "a PDF"), (Array("- of Ulm".utf8), "a trajectory of ASE"),
    ]

    /// Why a file that begins so is not read, with what to do; `nil` for what may be text in UTF-8.
    static func refusal(of start: ArraySlice<UInt8>) -> String? {
        if let compression = Compression.allCases.first(where: { start.starts(with: $0.magic) }) {
            return "is compressed twice (\(compression.rawValue) inside); decompress it once"
        }
        if let format = compressed.first(where: { start.starts(with: $0.start) }) {
            return "is compressed (\(format.name)); decompress it first (\(format.program)), or use gzip, xz or zstd"
        }
        if let format = binary.first(where: { start.starts(with: $0.start) }) {
            return "is \(format.name), expected structures as text, such as extended XYZ; convert it"
        }
        if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) {
            return "is UTF-16, expected UTF-8; save it again as UTF-8"
        }
        if start.prefix(64).contains(0) {
            // Digits of the first line, each in two bytes.
            let bytes = Array(start.prefix(4))
            let isWide = bytes.count == 4 && (bytes[0] == 0) != (bytes[1] == 0) && (bytes[2] == 0) != (bytes[3] == 0)
            return isWide
                ? "is UTF-16, expected UTF-8; save it again as UTF-8"
                : "is binary, expected text in UTF-8, such as extended XYZ"
        }
        return nil
    }
}
