/// A data block of a CIF: tags with one value, and loops.
///
/// Tags are lower case with `_` for the `.` of mmCIF, so that `_atom_site.fract_x` and `_atom_site_fract_x` are one.
struct CIFBlock {
    struct Loop {
        var tags: [String] = []
        /// Row after row.
        var values: [String] = []
        /// Of the first value.
        var line = 0

        var rows: Int { tags.isEmpty ? 0 : values.count / tags.count }

        func column(_ tag: String) -> Int? { tags.firstIndex(of: tag) }
    }

    var name: String
    var items: [String: String] = [:]
    var loops: [Loop] = []

    /// The one value of a tag, where it is known (neither `?` nor `.`).
    func value(_ tags: String...) -> String? {
        for tag in tags {
            if let value = items[tag], value != "?", value != "." { return value }
            // A loop of one row says the same.
            for loop in loops {
                if let column = loop.column(tag), loop.rows == 1 {
                    let value = loop.values[column]
                    if value != "?", value != "." { return value }
                }
            }
        }
        return nil
    }

    func loop(with tags: String...) -> Loop? {
        loops.first { loop in tags.contains { loop.column($0) != nil } }
    }
}

/// A number with its uncertainty in brackets, `8.69407(18)`; nil for what is none or not known.
func cifNumber(_ text: String) -> Double? {
    let bytes = Array(text.utf8.prefix { $0 != UInt8(ascii: "(") })
    let rest = text.utf8.dropFirst(bytes.count)
    guard rest.isEmpty || (rest.last == UInt8(ascii: ")") && rest.dropFirst().dropLast().allSatisfy { 48...57 ~= $0 })
    else { return nil }
    return parseDouble(bytes.span, 0..<bytes.count).flatMap { $0.isFinite ? $0 : nil }
}
