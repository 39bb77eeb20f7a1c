import Files
import Foundation
import StructureFiles

/// What a file is, by its first bytes; the name matters for formats of structures that these do not tell.
enum FileKind {
    case potential, trajectory, structures, checkpoint

    /// Throws when it cannot be read or is none of these.
    init(of path: String) throws {
        if StructureFormats.folderFormat(of: path) != nil {
            self = .structures
            return
        }
        try InputFile.check(path)
        let start: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? handle.close() }
            start = try handle.read(upToCount: 4096) ?? Data()
        } catch {
            throw SystemError(path, while: "opening it for reading", because: error)
        }
        if let kind = Self(start), kind != .trajectory || !Self.isNamedAsStructures(path) {
            self = kind
        } else if try StructureFormats.format(of: path) != nil {
            self = .structures
        } else {
            throw CommandError(
                "\(path): expected a potential (safetensors), a trajectory (netCDF) or structures (\(StructureFormats.names)), found "
                    + (start.isEmpty ? "an empty file" : "none of them"))
        }
    }

    /// HDF5 is what trajectories can be, and collections of structures: the name tells.
    private static func isNamedAsStructures(_ path: String) -> Bool {
        ["h5", "hdf5"].contains((path as NSString).pathExtension.lowercased())
    }

    private init?(_ start: Data) {
        if start.starts(with: Data("CDF".utf8)) || start.starts(with: [0x89] + Data("HDF\r\n".utf8)) {
            self = .trajectory
        } else if start.starts(with: Data("APUS CHECKPOINT".utf8)) {
            self = .checkpoint
        } else if start.count > 8, start[8] == UInt8(ascii: "{"), start[5...7] == Data([0, 0, 0]) {
            // The header's length as eight bytes, little-endian, then JSON.
            self = .potential
        } else {
            return nil
        }
    }
}
