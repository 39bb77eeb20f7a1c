/// What is wrong with a file of another program, in one line.
public struct ForeignPotentialError: Error, Equatable, CustomStringConvertible {
    public let message: String
    public var description: String { message }

    init(_ message: String) { self.message = message }
}
