/// What is wrong with the data of a training, in one line.
public struct DataSetError: Error, Equatable, CustomStringConvertible {
    public let message: String
    public var description: String { message }

    public init(_ message: String) { self.message = message }
}
