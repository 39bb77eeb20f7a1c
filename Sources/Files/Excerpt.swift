/// Text of unknown origin for messages and tables: of limited length, and without characters that a terminal obeys.
public enum Excerpt {
    /// The text on one line, with `\n`, `\t` or `\u{…}` for what does not print, and the middle left out where it is
    /// long.
    public static func of(_ text: some StringProtocol, limit: Int = 200) -> String {
        // No more is looked at than may be shown.
        let isLong = text.unicodeScalars.dropFirst(limit).first != nil
        guard isLong else { return printable(text.unicodeScalars) }
        let (head, tail) = (limit * 3 / 4, limit / 4)
        return printable(text.unicodeScalars.prefix(head)) + "…" + printable(text.unicodeScalars.suffix(tail))
            + " (\(text.unicodeScalars.count) characters)"
    }

    private static func printable(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        scalars.reduce(into: "") { text, scalar in
            switch scalar {
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            default:
                if isPrintable(scalar) {
                    text.unicodeScalars.append(scalar)
                } else {
                    text += "\\u{\(String(scalar.value, radix: 16))}"
                }
            }
        }
    }

    /// Controls, and what changes the direction or the place of other characters, do not print.
    public static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
