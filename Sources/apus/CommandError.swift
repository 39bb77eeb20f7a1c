import Foundation

/// What went wrong in a command, in one line that says what to do.
struct CommandError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// The line for any error: our own describe themselves, those of Foundation have a localized text.
    static func message(of error: any Error) -> String {
        if let error = error as? CocoaError { return error.localizedDescription }
        return "\(error)"
    }
}
