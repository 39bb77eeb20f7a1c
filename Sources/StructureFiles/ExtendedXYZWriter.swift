import Atoms
import Foundation

/// Writes structures to an extended XYZ file, one frame at a time, so that reading gives back the same doubles.
///
///     let writer = try ExtendedXYZWriter(path: "relaxed.xyz", mode: .replacing)
///     try writer.write(structure)
///     try writer.close()
///
/// Columns: species, pos, and forces and velocities (Å/fs) where there are any. On the comment line: Lattice, pbc,
/// Properties, energy, stress (nine numbers), then the information of the structure in order of keys. Keys of the
/// information that the format itself uses are left out: the structure's own values stand there.
public final class ExtendedXYZWriter {
    public enum Mode: Sendable {
        /// Everything goes to a file beside `path`, which takes its place at `close()`; until then, or when the
        /// writer is let go without `close()`, an older file stays as it is.
        case replacing
        /// Frames are added to the file, each with one write, so that a reader at the same time sees whole frames.
        case appending
    }

    public let path: String
    private let mode: Mode
    private let temporaryPath: String
    private var descriptor: Int32
    private var buffer: [UInt8] = []

    /// Opens the file, which is made if there is none. Throws when that is not possible.
    public init(path: String, mode: Mode) throws {
        self.path = path
        self.mode = mode
        switch mode {
        case .replacing:
            temporaryPath = "\(path).\(getpid())-\(UInt32.random(in: 0...UInt32.max)).part"
            descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        case .appending:
            temporaryPath = path
            descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        }
        guard descriptor >= 0 else { throw failure("cannot be opened for writing") }
        if mode == .appending { try endLastLine() }
    }

    deinit {
        guard descriptor >= 0 else { return }
        Foundation.close(descriptor)
        if mode == .replacing { unlink(temporaryPath) }
    }

    /// Writes one frame. Throws on a value that is not finite and when the disk is full.
    ///
    /// - Parameter labels: the same atoms with other energy, forces and stress, which are written beside as
    ///   `REF_energy`, `REF_forces` and `REF_stress`.
    public func write(_ structure: Structure, beside labels: Structure? = nil) throws {
        precondition(descriptor >= 0, "the writer of \(path) is closed")
        buffer.removeAll(keepingCapacity: true)
        do {
            try FrameText.append(structure, beside: labels, to: &buffer)
        } catch let problem as CommentLine.Problem {
            throw StructureFileError(file: path, message: problem.message)
        }
        try flush()
    }

    /// Ends the file: with `.replacing`, gives it its name. Throws when that fails. A second call does nothing.
    public func close() throws {
        guard descriptor >= 0 else { return }
        if mode == .replacing {
            guard fsync(descriptor) == 0 else { throw failure("cannot be written") }
        }
        let closed = Foundation.close(descriptor)
        descriptor = -1
        guard closed == 0 else { throw failure("cannot be written") }
        if mode == .replacing {
            guard rename(temporaryPath, path) == 0 else { throw failure("cannot be replaced") }
        }
    }

    /// Writes a whole file, replacing an older one at the end.
    public static func write(_ structures: some Sequence<Structure>, to path: String) throws {
        let writer = try ExtendedXYZWriter(path: path, mode: .replacing)
        for structure in structures { try writer.write(structure) }
        try writer.close()
    }

    private func flush() throws {
        var written = 0
        while written < buffer.count {
            let count = buffer.withUnsafeBytes { bytes in
                Foundation.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("cannot be written") }
            written += count
        }
    }

    /// A last line without a line end would swallow the next count.
    private func endLastLine() throws {
        let end = lseek(descriptor, 0, SEEK_END)
        guard end > 0 else { return }
        var last: UInt8 = 0
        guard pread(descriptor, &last, 1, end - 1) == 1 else { throw failure("cannot be read") }
        guard last != 0x0A else { return }
        buffer = [0x0A]
        try flush()
    }

    private func failure(_ what: String) -> StructureFileError {
        StructureFileError(file: path, message: "\(what): \(String(cString: strerror(errno)))")
    }
}
