/// What a person should know about a training before it begins.
public struct Remark: Sendable, Equatable {
    public var severity: Severity
    public var text: String

    public static func notice(_ text: String) -> Remark { Remark(severity: .notice, text: text) }
    public static func warning(_ text: String) -> Remark { Remark(severity: .warning, text: text) }
}
