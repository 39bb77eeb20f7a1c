/// What is wrong with settings, and where: printed as one line `FILE:LINE: key: message`.
public struct SettingsError: Error, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// The file does not exist, may not be read or is not text.
        case unreadable
        /// The text is not YAML, or not a mapping of keys to values.
        case syntax
        case duplicateKey, unknownKey, missingKey
        /// A value of another kind than expected: a list for a number, a word for an integer.
        case wrongType
        /// A number or a choice that is not among those allowed.
        case outOfRange
        case unknownUnit
        /// A text that should override a setting but is not `KEY=VALUE`.
        case malformedOverride
    }

    public let code: Code
    /// The file, or the name given to the text, or the override.
    public let file: String
    public let line: Int?
    /// The keys from the top, joined by dots, as in `model.r_max`.
    public let key: String?
    /// What was expected and what was found.
    public let message: String

    public var description: String {
        let place = line.map { "\(file):\($0)" } ?? file
        return (key.map { "\(place): \($0): \(message)" } ?? "\(place): \(message)")
            .split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
