/// Where a server listens: a file of the UNIX kind on the same machine, or a port of a host.
public enum SocketAddress: Equatable, Sendable, CustomStringConvertible {
    case unix(path: String)
    case internet(host: String, port: UInt16)

    /// What i-PI and ASE put before the name of a socket file unless told otherwise.
    public static let usualPrefix = "/tmp/ipi_"

    /// `unix:NAME`, where the file is `prefix` + NAME unless NAME is an absolute path; or `host:port`, with a numeric
    /// IPv6 address in brackets. Throws a `SocketError` for anything else.
    public init(_ text: String, prefix: String = usualPrefix) throws {
        if text.hasPrefix("unix:") {
            let name = String(text.dropFirst("unix:".count))
            guard !name.isEmpty, !name.utf8.contains(0) else {
                throw SocketError(.badAddress, "\(text): expected unix:NAME, found no name")
            }
            let path = name.hasPrefix("/") ? name : prefix + name
            guard path.utf8.count <= Self.longestPath else {
                throw SocketError(
                    .badAddress,
                    "\(path): the name of a socket file may have \(Self.longestPath) bytes, found \(path.utf8.count)")
            }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), colon != text.startIndex else {
            throw SocketError(.badAddress, "'\(text)': expected unix:NAME or host:port, such as localhost:31415")
        }
        var host = text[..<colon]
        let number = text[text.index(after: colon)...]
        guard let port = UInt16(number), port > 0 else {
            throw SocketError(.badAddress, "'\(text)': expected a port of 1…65535, found '\(number)'")
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw SocketError(
                .badAddress, "'\(text)': expected an IPv6 address in brackets, such as [::1]:31415")
        }
        self = .internet(host: String(host), port: port)
    }

    public var description: String {
        switch self {
        case .unix(let path): path
        case .internet(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }

    /// `sun_path` has 108 bytes, of which one ends the string (unix(7)).
    static let longestPath = 107
}
