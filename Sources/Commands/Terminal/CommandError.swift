import Files

/// What went wrong in a command, in one line that says what to do.
public struct CommandError: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }

    /// The line for any error: our own describe themselves; of Foundation's, the system's words.
    public static func message(of error: any Error) -> String { SystemError.message(of: error) }
}
