import Atoms
import Files

/// Writes structures to an extended XYZ file, one frame at a time, so that reading gives back the same doubles.
///
///     let writer = try ExtendedXYZWriter(path: "relaxed.xyz", mode: .replacing)
///     try writer.write(structure)
///     try writer.close()
///
/// Columns: species, pos, and forces, velocities (Å/fs), masses (amu) and other properties of atoms where there are
/// any. On the comment line: Lattice, pbc, Properties, energy, stress (nine numbers), other properties, then the
/// information of the structure in order of keys. Keys of the information that the format itself uses are left out: the
/// structure's own values stand there.
public final class ExtendedXYZWriter {
    public enum Mode: Sendable {
        /// Everything goes to a file beside `path`, which takes its place at `close()`; until then, or when the
        /// writer is let go without `close()`, an older file stays as it is.
        case replacing
        /// Frames are added to the file, each with one write, so that a reader at the same time sees whole frames.
        case appending
    }

    public let path: String
    private enum Target {
        case whole(OutputFile)
        case growing(AppendedFile)
    }
    /// `nil` once it is closed.
    private var target: Target?
    private var buffer: [UInt8] = []

    /// Opens the file, which is made if there is none. Throws when that is not possible.
    ///
    /// - Parameter existing: whether a file that is there may be replaced (`.replacing` alone).
    public init(path: String, mode: Mode, existing: OutputFile.Existing = .replace) throws {
        self.path = path
        target = try Self.naming {
            switch mode {
            case .replacing: return .whole(try OutputFile(path, existing: existing))
            case .appending:
                let file = try AppendedFile(path, existing: .keep(bytes: nil))
                // A last line without a line end would swallow the next count.
                try file.endLastLine()
                return .growing(file)
            }
        }
    }

    /// Writes one frame. Throws on a value that is not finite and when the disk is full.
    ///
    /// - Parameter labels: the same atoms with other energy, forces, stress and properties, which are written beside as
    ///   `REF_energy`, `REF_forces` and so on.
    public func write(_ structure: Structure, beside labels: Structure? = nil) throws {
        guard let target else { preconditionFailure("the writer of \(path) is closed") }
        buffer.removeAll(keepingCapacity: true)
        do {
            try FrameText.append(structure, beside: labels, to: &buffer)
        } catch let problem as FormatProblem {
            throw StructureFileError(file: path, message: problem.message)
        }
        try Self.naming {
            switch target {
            case .whole(let file): try file.write(buffer)
            case .growing(let file): try file.append(buffer)
            }
        }
    }

    /// Ends the file: with `.replacing`, gives it its name. Throws when that fails. A second call does nothing.
    public func close() throws {
        guard let target else { return }
        self.target = nil
        try Self.naming {
            switch target {
            case .whole(let file): try file.close()
            case .growing(let file): try file.close()
            }
        }
    }

    /// Writes a whole file, replacing an older one at the end.
    public static func write(_ structures: some Sequence<Structure>, to path: String) throws {
        let writer = try ExtendedXYZWriter(path: path, mode: .replacing)
        for structure in structures { try writer.write(structure) }
        try writer.close()
    }

    /// One frame as `write` writes it, for files that others keep.
    ///
    /// - Throws: The problem's message as a `StructureFileError` of that file, on a value that is not finite.
    public static func frame(_ structure: Structure, of path: String) throws -> [UInt8] {
        var text: [UInt8] = []
        do {
            try FrameText.append(structure, to: &text)
        } catch let problem as FormatProblem {
            throw StructureFileError(file: path, message: problem.message)
        }
        return text
    }

    /// Errors of all that has to do with structure files are of one type.
    private static func naming<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as SystemError {
            throw StructureFileError(file: error.path, message: "\(error.reason) while \(error.action)")
        } catch let error as OutputError {
            throw StructureFileError(file: error.path, message: error.message)
        }
    }
}
