import Atoms
import Files

/// Writes structures to a file or folder of some format, which is there whole after `close`, or not at all.
public protocol StructureWriter: AnyObject {
    var path: String { get }

    /// What people should know of what was written: what the format has no place for, and what it says otherwise.
    var remarks: [String] { get }

    /// Throws on a structure that the format cannot hold; the message says what to do.
    func write(_ structure: Structure) throws

    /// Puts what was written in place.
    func close() throws
}

/// A format that structures are written in. A new one is a folder with one of these, and a line in
/// `StructureOutputs.all`.
public protocol StructureOutput: Sendable {
    /// As people call it, for example `extended XYZ`.
    var name: String { get }
    /// As options call it, for example `xyz`.
    var word: String { get }
    /// Patterns of names by which the format is known, for example `*.xyz`.
    var fileNames: [String] { get }
    /// Whether it is a folder of files.
    var isFolder: Bool { get }

    func writer(_ path: String, existing: OutputFile.Existing) throws -> any StructureWriter
}

extension StructureOutput {
    public var isFolder: Bool { false }
}

extension StructureWriter {
    public var remarks: [String] { [] }
}

/// The formats that structures are written in, but for those of trajectories.
public enum StructureOutputs {
    public static let all: [any StructureOutput] = [
        ExtendedXYZOutput(), POSCAROutput(), LAMMPSDataOutput(), DeePMDOutput(), ASEDatabaseOutput(),
    ]
}

/// How often something happened to the structures that were written, for a remark at the end.
struct WriterNotes {
    private var counts: [String: Int] = [:]
    private(set) var structures = 0

    mutating func next() { structures += 1 }

    mutating func note(_ what: String) { counts[what, default: 0] += 1 }

    func remarks(_ path: String) -> [String] {
        counts.sorted { $0.key < $1.key }.map { what, count in
            "\(path): \(what)" + (structures > 1 ? " (\(count) of \(structures) structures)" : "")
        }
    }
}
