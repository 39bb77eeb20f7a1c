/// What is wrong with a model, its hyperparameters or its weights, in one line.
public struct ModelError: Error, Equatable, CustomStringConvertible {
    public let message: String
    public var description: String { message }

    public init(_ message: String) { self.message = message }
}
