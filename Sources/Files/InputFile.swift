import Foundation

/// A file that is read as a whole.
public enum InputFile {
    /// Its bytes; mapped into memory where that is safe. Throws a `SystemError`: also for a folder, and for a device,
    /// which might have no end.
    public static func read(_ path: String) throws -> Data {
        let action = "opening it for reading"
        guard let status = FilePath.status(path) else { throw SystemError(path, while: action) }
        switch FilePath.kind(status) {
        case .folder: throw SystemError(path, while: action, code: EISDIR)
        // A pipe has an end, as in `apus md <(…)`.
        case .other("a device") where status.st_mode & S_IFMT == S_IFCHR:
            throw SystemError(path, while: action, code: ENODEV)
        default: break
        }
        do {
            return try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
        } catch {
            throw SystemError(path, while: action, because: error)
        }
    }
}
