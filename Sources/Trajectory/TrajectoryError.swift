import Files

/// Why a trajectory cannot be written or read.
public struct TrajectoryError: Error, Equatable, CustomStringConvertible {
    public enum Code: Sendable, Equatable {
        /// The file is there and nobody allowed it to be replaced or continued.
        case exists
        /// The operating system or netCDF refused; the disk may be full.
        case cannotWrite
        case cannotRead
        /// The file is not what it should be: damaged, or of another convention.
        case malformed
        /// A frame or a file that does not fit to the frames before it.
        case mismatch
    }

    public let code: Code
    public let path: String
    /// What is wrong and what to do about it.
    public let message: String
    public var description: String { "\(path): \(message)" }

    public init(_ code: Code, _ path: String, _ message: String) {
        self.code = code
        self.path = path
        self.message = message
    }

    /// Calls that open or write a file, with their errors as ours.
    static func translating<Result>(_ path: String, step: Int? = nil, _ calls: () throws -> Result) throws -> Result {
        do {
            return try calls()
        } catch let error as OutputError {
            throw TrajectoryError(error.code == .exists ? .exists : .cannotWrite, path, error.message)
        } catch let error as SystemError {
            let frame = step.map { " (the frame of step \($0))" } ?? ""
            throw TrajectoryError(.cannotWrite, path, "\(error.reason) while \(error.action)\(frame)")
        }
    }
}
