/// Words of a text as files have them: what stands between blanks, tabs and line ends.
///
/// Bytes are looked at, not characters: whether one is white space in Unicode takes a search in its tables, and longer
/// than the reading of a number.
extension String {
    var words: [Substring] { utf8.split(whereSeparator: \.isBlankOrLineEnd).map(Substring.init) }
}

extension Substring {
    var words: [Substring] { utf8.split(whereSeparator: \.isBlankOrLineEnd).map(Substring.init) }

    /// Without blanks and line ends at its ends.
    var trimmed: Substring {
        let bytes = utf8.drop(while: \.isBlankOrLineEnd)
        guard let last = bytes.lastIndex(where: { !$0.isBlankOrLineEnd }) else { return "" }
        return Substring(bytes[...last])
    }
}

extension UInt8 {
    /// Blank, tab, line feed, form feeds and carriage return.
    var isBlankOrLineEnd: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
}
