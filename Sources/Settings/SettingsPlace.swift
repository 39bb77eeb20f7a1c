/// Where a value stands in settings.
public struct SettingsPlace: Sendable {
    let file: String
    let line: Int?
    let key: String

    /// An error about the value there.
    public func error(_ message: String, code: SettingsError.Code = .outOfRange) -> SettingsError {
        SettingsError(code: code, file: file, line: line, key: key, message: message)
    }
}
