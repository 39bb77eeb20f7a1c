import Logging

/// Log messages for people: notices among the other lines, warnings and worse on the standard error.
public struct TerminalLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var logLevel = Logger.Level.notice

    public init() {}

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        if event.level >= .warning {
            Terminal.complain("apus: \(event.level.rawValue): \(event.message)")
        } else {
            Terminal.print("\(event.message)")
        }
    }
}
