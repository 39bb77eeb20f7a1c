/// What is wrong with a safetensors file, in one line.
public struct SafetensorsError: Error, Equatable, CustomStringConvertible {
    public let message: String
    public var description: String { message }

    public init(_ message: String) { self.message = message }
}
