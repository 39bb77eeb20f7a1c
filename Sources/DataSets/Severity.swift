/// How much a person should mind what was found; the worst first.
public enum Severity: String, Sendable, Encodable, CaseIterable {
    /// What cannot be right.
    case error
    /// What is probably a mistake, or will do harm.
    case warning
    /// What one should know.
    case notice
}
