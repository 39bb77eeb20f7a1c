import Foundation

/// A file that grows while it is written: a table, a log, a trajectory as text.
///
///     let table = try AppendedFile("thermo.csv", existing: .keep(bytes: nil))
///     try table.append("1,0.5\n")
///     try table.close()
///
/// No other process can open it the same way meanwhile (`flock`, which a dead process does not hold). Links are
/// followed; devices, pipes and folders are refused. What was given to `append` is in the file whole or not at all,
/// also on a full disk. Every error is a `SystemError` or an `OutputError` that names the file.
public final class AppendedFile {
    /// What becomes of a file that is there already.
    public enum Existing: Sendable, Equatable {
        case refuse
        /// It is emptied.
        case replace
        /// Its first bytes stay, or all; where there is no file one is begun.
        case keep(bytes: Int?)
    }

    public let path: String
    /// In bytes.
    public private(set) var size: Int
    private let descriptor: Descriptor

    public init(_ path: String, existing: Existing, advice: String = "choose another name") throws {
        self.path = path
        try OutputFile.check(path, existing: existing == .refuse ? .refuse : .replace, advice: advice)
        let target = FilePath.resolved(path)
        do {
            descriptor = try Descriptor(
                target, called: path, O_RDWR | O_CREAT | O_APPEND | (existing == .refuse ? O_EXCL : 0),
                while: "opening it for writing")
        } catch let error as SystemError where error.code == EEXIST {
            throw OutputError(.exists, path, "the file exists already; \(advice)")
        }
        guard FilePath.kind(try descriptor.status()) == .file else {
            throw OutputError(.notAFile, path, "is no file of data")
        }
        let isHeld = if case .isHeld = try descriptor.lock() { true } else { false }
        guard !isHeld, try descriptor.isStill(at: target) else {
            throw FileLock.error(path, descriptor.holder())
        }
        size = Int(try descriptor.status().st_size)
        switch existing {
        case .refuse: break
        case .replace: try cut(to: 0)
        case .keep(let bytes): if let bytes, bytes < size { try cut(to: bytes) }
        }
    }

    public func append(_ bytes: UnsafeRawBufferPointer) throws {
        do {
            try descriptor.write(bytes)
            size += bytes.count
        } catch {
            try? descriptor.truncate(to: size)
            throw error
        }
    }

    public func append(_ bytes: some ContiguousBytes) throws { try bytes.withUnsafeBytes(append) }

    public func append(_ text: String) throws { try append(Array(text.utf8)) }

    /// Ends a last line that has no end, which would swallow what follows.
    public func endLastLine() throws {
        guard size > 0 else { return }
        var last: UInt8 = 0
        guard pread(descriptor.number, &last, 1, off_t(size - 1)) == 1 else {
            throw SystemError(path, while: "reading its end")
        }
        if last != UInt8(ascii: "\n") { try append("\n") }
    }

    /// Leaves the first bytes.
    public func cut(to size: Int) throws {
        try descriptor.truncate(to: size)
        self.size = size
    }

    /// Returns when everything is on disk: to be called before a checkpoint that refers to it.
    public func synchronize() throws { try descriptor.synchronize() }

    /// Throws when the system says only now that something could not be written. A second call does nothing.
    public func close() throws { try descriptor.close() }
}
