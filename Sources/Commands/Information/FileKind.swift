import Files
import Foundation

/// What a file is, by its first bytes; names do not matter.
enum FileKind {
    case potential, trajectory, structures, checkpoint

    /// Throws when it cannot be read or is none of these.
    init(of path: String) throws {
        try InputFile.check(path)
        let start: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? handle.close() }
            start = try handle.read(upToCount: 4096) ?? Data()
        } catch {
            throw SystemError(path, while: "opening it for reading", because: error)
        }
        guard let kind = Self(start) else {
            throw CommandError(
                "\(path): expected a potential (safetensors), a trajectory (netCDF) or structures (extended XYZ), found "
                    + (start.isEmpty ? "an empty file" : "none of them"))
        }
        self = kind
    }

    private init?(_ start: Data) {
        if start.starts(with: Data("CDF".utf8)) || start.starts(with: [0x89] + Data("HDF\r\n".utf8)) {
            self = .trajectory
        } else if start.starts(with: Data("APUS CHECKPOINT".utf8)) {
            self = .checkpoint
        } else if start.count > 8, start[8] == UInt8(ascii: "{"), start[5...7] == Data([0, 0, 0]) {
            // The header's length as eight bytes, little-endian, then JSON.
            self = .potential
        } else if Self.beginsWithCount(start) {
            self = .structures
        } else {
            return nil
        }
    }

    /// Whether the first line that is not blank is a whole number, the count of atoms.
    private static func beginsWithCount(_ start: Data) -> Bool {
        let text = String(decoding: start, as: UTF8.self).trimmingPrefix("\u{FEFF}")
        let line = text.split(whereSeparator: \.isNewline).first { !$0.allSatisfy(\.isWhitespace) }
        return line.map { Int($0.trimmingCharacters(in: .whitespaces)) != nil } ?? false
    }
}
