import Foundation

/// A file that is read as a whole.
public enum InputFile {
    /// Its bytes; mapped into memory where that is safe. A pipe is read to its end, as in `apus md <(…)`.
    ///
    /// Throws a `SystemError`, or an `InputError` for what is no file.
    public static func read(_ path: String) throws -> Data {
        try check(path, mayBePipe: true)
        do {
            return try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
        } catch {
            throw SystemError(path, while: action, because: error)
        }
    }

    /// Throws where the name leads to nothing, to a folder, or to a device, which might have no end.
    public static func check(_ path: String, mayBePipe: Bool = false) throws {
        guard let status = FilePath.status(path) else { throw SystemError(path, while: action) }
        switch FilePath.kind(status) {
        case .file, .nothing: break
        case .folder: throw SystemError(path, while: action, code: EISDIR)
        case .other("a pipe") where mayBePipe: break
        case .other(let what): throw InputError(path, "expected a file, found \(what)")
        }
    }

    private static let action = "opening it for reading"
}

/// What a file is to be read from, and is no file.
public struct InputError: Error, Sendable, Equatable, CustomStringConvertible {
    public let path: String
    public let message: String

    init(_ path: String, _ message: String) {
        self.path = path
        self.message = message
    }

    public var description: String { "\(path): \(message)" }
}
