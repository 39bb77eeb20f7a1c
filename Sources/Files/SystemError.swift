import Foundation

/// A call of the operating system that failed: first its reason, then what was being done.
///
///     guard mkdir(path, 0o777) == 0 else { throw SystemError(path, while: "making the folder") }
///
/// Prints as `run/a: Permission denied while making the folder`.
public struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
    public let path: String
    /// `errno`
    public let code: Int32
    /// `writing it`, `making the folder`
    public let action: String

    /// Give it before another call can change `errno`.
    public init(_ path: String, while action: String, code: Int32 = errno) {
        self.path = path
        self.code = code
        self.action = action
    }

    /// An error of Foundation, by what the system had said to it.
    public init(_ path: String, while action: String, because error: any Error) {
        self.init(path, while: action, code: Self.code(of: error) ?? EIO)
    }

    /// `No space left on device`
    public var reason: String { Self.reason(code) }

    public var description: String { "\(path): \(reason) while \(action)" }

    /// The system's words for a code.
    public static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }

    /// The line for any error: our own describe themselves; of Foundation's, the system's reason.
    public static func message(of error: any Error) -> String {
        if type(of: error) is NSError.Type || error is CocoaError || error is POSIXError, let code = code(of: error) {
            return reason(code)
        }
        return "\(error)"
    }

    /// `errno` behind an error of Foundation.
    private static func code(of error: any Error) -> Int32? {
        if let error = error as? SystemError { return error.code }
        if let error = error as? POSIXError { return error.code.rawValue }
        let error = error as NSError
        if error.domain == NSPOSIXErrorDomain { return Int32(error.code) }
        if let inner = error.userInfo[NSUnderlyingErrorKey] as? any Error { return code(of: inner) }
        guard error.domain == NSCocoaErrorDomain else { return nil }
        return switch CocoaError.Code(rawValue: error.code) {
        case .fileNoSuchFile, .fileReadNoSuchFile: ENOENT
        case .fileReadNoPermission, .fileWriteNoPermission: EACCES
        case .fileWriteOutOfSpace: ENOSPC
        case .fileWriteFileExists: EEXIST
        case .fileWriteVolumeReadOnly: EROFS
        case .fileReadInvalidFileName, .fileWriteInvalidFileName: EINVAL
        default: nil
        }
    }
}
