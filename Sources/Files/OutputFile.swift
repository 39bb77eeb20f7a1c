import Foundation

/// A file that is written whole or not at all.
///
///     let file = try OutputFile("predictions.xyz", existing: .refuse)
///     try file.write(text)
///     try file.close()
///
/// or, for what is in memory, `try OutputFile.write(data, to: "learning_curve.csv")`.
///
/// Until `close` puts it in place, an older file stays as it is; a writer that is let go without `close`, fails, or is
/// ended by a signal leaves nothing behind. Links are followed: what they lead to is replaced, not they. Devices, pipes
/// and folders are refused. With `.refuse` nothing is ever replaced, not even what appeared meanwhile. What `close` has
/// put in place is on disk. Every error is a `SystemError` or an `OutputError` that names the file.
///
/// Where several files are written, `OutputPlan` looks at all of them first. A file that grows is an `AppendedFile`.
public final class OutputFile {
    /// What becomes of a file that is there already.
    public enum Existing: Sendable { case refuse, replace }

    /// As it was given.
    public let path: String
    private let existing: Existing
    private var file: TemporaryFile?
    private var checksum: CRC64?

    /// Opens a file beside `path`.
    ///
    /// - Parameter hasTrailer: `close` adds a `Trailer` to what was written.
    public init(_ path: String, existing: Existing = .replace, hasTrailer: Bool = false) throws {
        self.path = path
        self.existing = existing
        try Self.check(path, existing: existing)
        file = try TemporaryFile(beside: FilePath.resolved(path), called: path)
        if hasTrailer { checksum = CRC64() }
    }

    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard let file else { preconditionFailure("\(path) is closed") }
        checksum?.update(bytes)
        try file.descriptor.write(bytes)
    }

    public func write(_ bytes: some ContiguousBytes) throws { try bytes.withUnsafeBytes(write) }

    public func write(_ text: String) throws { try write(Array(text.utf8)) }

    /// Writes over what was written before at this place; what follows still goes to the end.
    public func write(_ bytes: some ContiguousBytes, at offset: Int) throws {
        guard let file else { preconditionFailure("\(path) is closed") }
        precondition(checksum == nil, "\(path): what a trailer stands for cannot be changed")
        try bytes.withUnsafeBytes { try file.descriptor.write($0, at: offset) }
    }

    /// Puts the file in place. After an error nothing has changed. A second call does nothing.
    public func close() throws {
        guard let file else { return }
        defer { self.file = nil }
        if let checksum { try Trailer.bytes(checksum).withUnsafeBytes { try file.descriptor.write($0) } }
        try file.takePlace(replacing: existing == .replace)
    }

    /// Leaves everything as it was.
    public func discard() { file = nil }

    /// Writes a whole file.
    public static func write(_ data: some ContiguousBytes, to path: String, existing: Existing = .replace) throws {
        let file = try OutputFile(path, existing: existing)
        try file.write(data)
        try file.close()
    }

    public static func write(_ text: String, to path: String, existing: Existing = .replace) throws {
        try write(Array(text.utf8), to: path, existing: existing)
    }

    /// Throws when a file of this name could not be written, without writing anything; folders above it may still be
    /// missing.
    ///
    /// - Parameter advice: what to do if the file exists.
    public static func check(_ path: String, existing: Existing, advice: String = "choose another name") throws {
        guard !path.isEmpty else { throw OutputError(.notAFile, "''", "expected a name for a file, found none") }
        let target = FilePath.resolved(path)
        switch FilePath.kind(target) {
        case .nothing:
            guard !path.hasSuffix("/") else {
                throw OutputError(.notAFile, path, "expected a name for a file, found that of a folder")
            }
        case .folder: throw OutputError(.notAFile, path, "expected a name for a file, found a folder")
        case .other(let what):
            throw OutputError(.notAFile, path, "expected a name for a file, found \(what), which is left alone")
        case .file:
            guard existing == .replace else {
                throw OutputError(.exists, path, "the file exists already; \(advice)")
            }
            guard access(target, W_OK) == 0 else { throw SystemError(path, while: "asking to replace it") }
        }
        var folder = FilePath.folder(of: target)
        while FilePath.kind(folder) == .nothing, folder != "/" { folder = FilePath.folder(of: folder) }
        guard FilePath.kind(folder) == .folder else {
            throw OutputError(.notAFile, path, "\(folder) is a file, expected a folder")
        }
        guard access(folder, W_OK | X_OK) == 0 else {
            throw SystemError(path, while: "asking to write to the folder \(folder)")
        }
    }
}
