/// Why there is no connection, or why it cannot go on.
public struct SocketError: Error, Equatable, CustomStringConvertible {
    public enum Code: Sendable, Equatable {
        /// What was given as an address is none.
        case badAddress
        /// Nobody answers there.
        case noServer
        /// The operating system refuses.
        case notAllowed
        /// The other side is gone in the middle of a message.
        case lost
        /// Bytes that are no message of the protocol, or not one that may come now.
        case badMessage
        /// Positions of another number of atoms than expected.
        case atomCount
        /// A number that is none, received or about to be sent.
        case notFinite
        /// Somebody asked for an end (`Cancellation`).
        case cancelled
    }

    public let code: Code
    /// What is wrong and what to do about it.
    public let message: String
    public var description: String { message }

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
