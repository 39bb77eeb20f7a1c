import Logging

/// Log messages for people: notices among the other lines, warnings and worse on the standard error.
struct TerminalLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.notice

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        if event.level >= .warning {
            Terminal.complain("apus: \(event.level.rawValue): \(event.message)")
        } else {
            Terminal.print("\(event.message)")
        }
    }
}
