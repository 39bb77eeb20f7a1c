/// Why a training cannot start or go on, in one line.
public struct TrainingError: Error, Equatable, CustomStringConvertible {
    public let message: String
    public var description: String { message }

    public init(_ message: String) { self.message = message }
}
