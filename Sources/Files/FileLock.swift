import Foundation

/// A lock on a file that others write by name, such as a library: while it lives, no other process gets it.
///
/// It goes with the process, so there are no locks of the dead. Where a file system has none, nothing is locked.
public final class FileLock {
    private let descriptor: Descriptor

    /// Locks a file that exists. Throws an `OutputError` when another process has it.
    public init(_ path: String) throws {
        let target = FilePath.resolved(path)
        descriptor = try Descriptor(target, called: path, O_RDWR, while: "opening it for writing")
        let isHeld = if case .isHeld = try descriptor.lock() { true } else { false }
        guard !isHeld, try descriptor.isStill(at: target) else {
            throw Self.error(path, descriptor.holder())
        }
    }

    /// Returns when everything is on disk that anybody has written to the file.
    public func synchronize() throws { try descriptor.synchronize() }

    static func error(_ path: String, _ holder: String) -> OutputError {
        OutputError(
            .locked, path, "is being written to by another (\(holder)); wait for its end, or choose another name")
    }
}
