import Foundation

/// Prints a value as one JSON object with keys in snake case; `null` stands for numbers that are not finite.
///
/// Keys of dictionaries with `String` keys stay as they are: they may be names from files.
enum JSONOutput {
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        // A character of private use, which no text has.
        let word = "\u{F8FF}not finite"
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: word, negativeInfinity: word, nan: word)
        return String(decoding: try encoder.encode(value), as: UTF8.self)
            .replacingOccurrences(of: "\"\(word)\"", with: "null")
    }

    static func print(_ value: some Encodable) throws { Terminal.printExactly(try text(value)) }
}
