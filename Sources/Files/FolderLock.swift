import Foundation

/// The right to write to a folder, for one process at a time.
///
///     let lock = try FolderLock("run/silicon")
///     if let warning = lock.warning { … }
///
/// While it lives, another process gets an error that names this one. It goes with the process, however that ends; what
/// a dead process has left of it, the file `.apus.lock`, is taken over by the next.
public final class FolderLock {
    public let folder: String
    /// What to tell people where the file system has no locks.
    public let warning: String?
    private let file: Descriptor
    private let path: String

    /// Locks a folder that exists. Throws an `OutputError` when another process has it.
    public init(_ folder: String) throws {
        self.folder = folder
        path = FilePath.resolved(folder) + "/.apus.lock"
        while true {
            let file = try Descriptor(
                path, called: folder, O_RDWR | O_CREAT | O_NOFOLLOW, while: "locking the folder")
            switch try file.lock() {
            case .isHeld:
                let holder = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
                let name = holder.split(separator: "\n").first.map(String.init) ?? file.holder()
                throw OutputError(
                    .locked, folder,
                    "is being written to by another (\(Excerpt.of(name))); wait for its end, or choose another output"
                )
            case .unsupported(let code):
                warning =
                    "\(folder): its file system has no locks (\(SystemError.reason(code))): see to it that nobody else writes there"
            case .locked:
                // The one before may have removed the file while we waited for it.
                guard try file.isStill(at: path) else { continue }
                warning = nil
            }
            self.file = file
            break
        }
        let owner = Array("process \(getpid()) on host \(ProcessInfo.processInfo.hostName)\n".utf8)
        try file.truncate(to: 0)
        try owner.withUnsafeBytes { try file.write($0, at: 0) }
    }

    deinit { unlink(path) }
}
