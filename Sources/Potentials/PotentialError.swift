/// What is wrong with a potential, its file or its configuration, in one line.
public struct PotentialError: Error, Equatable, CustomStringConvertible {
    public let message: String
    public var description: String { message }

    public init(_ message: String) { self.message = message }
}
