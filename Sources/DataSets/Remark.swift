import Logging

/// What a person should know about a training before it begins.
public struct Remark: Sendable, Equatable {
    /// `notice`, or `warning` for what is probably a mistake.
    public var level: Logger.Level
    public var text: String

    public static func notice(_ text: String) -> Remark { Remark(level: .notice, text: text) }
    public static func warning(_ text: String) -> Remark { Remark(level: .warning, text: text) }
}
