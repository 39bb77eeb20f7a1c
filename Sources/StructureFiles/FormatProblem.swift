/// What is wrong with a part of a file, for a message that adds file, frame and line.
struct FormatProblem: Error {
    let message: String
    init(_ message: String) { self.message = message }
}
