/// The end of a command that has said all that there is to say: nothing more is printed.
public struct CommandExit: Error {
    public let code: Int32

    init(_ code: Int32) { self.code = code }
}
