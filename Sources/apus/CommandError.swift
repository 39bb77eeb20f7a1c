import Files

/// What went wrong in a command, in one line that says what to do.
struct CommandError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// The line for any error: our own describe themselves; of Foundation's, the system's words.
    static func message(of error: any Error) -> String { SystemError.message(of: error) }
}
