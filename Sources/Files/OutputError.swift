/// A file or folder that may not be written to, before anything has happened to it.
///
/// Prints as `FILE: what is the matter; what to do`.
public struct OutputError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Code: Sendable {
        /// Something is there that may not be replaced.
        case exists
        /// A folder, a device, a pipe: what is there is no file of data.
        case notAFile
        /// Another output or an input is the same file.
        case takenTwice
        /// Another process is writing to it.
        case locked
    }

    public let code: Code
    public let path: String
    public let message: String

    public init(_ code: Code, _ path: String, _ message: String) {
        self.code = code
        self.path = path
        self.message = message
    }

    public var description: String { "\(path): \(message)" }
}
