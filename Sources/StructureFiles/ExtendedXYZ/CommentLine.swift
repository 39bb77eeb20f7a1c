import Foundation

/// The second line of an extended XYZ frame: `key=value` pairs in file order.
///
/// Values may stand in `"…"`, `'…'`, `{…}` or `[…]`, with blanks around `=`; `\"` and `\\` are escapes inside quotes
/// and `\n` is a line break there. A key alone means `T`. A line without any `=` is free text, as in plain XYZ, and
/// becomes the one key `comment`.
struct CommentLine {
    private(set) var entries: [(key: String, value: String)] = []
    /// True when the line was free text.
    private(set) var isFreeText = false

    /// Throws a `FormatProblem` on an unclosed quote or bracket, or a key that is given twice with different values.
    init(_ bytes: ArraySlice<UInt8>) throws {
        if bytes.contains(UInt8(ascii: "=")) {
            do {
                entries = try Self.pairs(of: bytes)
                return
            } catch {
                // Prose such as "the molecule's E = -14.2" is no attempt at key=value pairs.
                let line = String(decoding: bytes, as: UTF8.self).lowercased()
                guard !line.contains("properties=") && !line.contains("lattice=") else { throw error }
            }
        }
        isFreeText = true
        let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespaces)
        if !text.isEmpty { entries = [("comment", text)] }
    }

    private static func pairs(of bytes: ArraySlice<UInt8>) throws -> [(key: String, value: String)] {
        var scanner = Scanner(rest: bytes)
        var pairs: [(key: String, value: String)] = []
        while let (key, value) = try scanner.nextPair() {
            // The three keys of the format itself are known in any letter case.
            let key = canonical[key.lowercased()] ?? key
            if let earlier = pairs.first(where: { $0.key == key }) {
                guard earlier.value == value else {
                    throw FormatProblem(
                        "expected every key once, found key \(key) given twice (\(earlier.value) and \(value)); "
                            + "remove the wrong one")
                }
            } else {
                pairs.append((key, value))
            }
        }
        return pairs
    }

    subscript(key: String) -> String? { entries.first { $0.key == key }?.value }

    private static let canonical = ["lattice": "Lattice", "properties": "Properties", "pbc": "pbc"]
}

/// Takes `key=value` pairs off the front of a line.
private struct Scanner {
    var rest: ArraySlice<UInt8>

    mutating func nextPair() throws -> (key: String, value: String)? {
        skipBlanks()
        guard let first = rest.first else { return nil }
        let key: [UInt8]
        if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
            key = try takeQuoted()
        } else {
            key = takeWhile { !isBlank($0) && $0 != UInt8(ascii: "=") }
        }
        guard !key.isEmpty else { throw FormatProblem("expected a key before =, found none") }
        skipBlanks()
        guard rest.first == UInt8(ascii: "=") else { return (text(key), "T") }
        rest = rest.dropFirst()
        skipBlanks()
        return (text(key), text(try takeValue()))
    }

    private mutating func takeValue() throws -> [UInt8] {
        var value: [UInt8]
        switch rest.first {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): value = try takeQuoted()
        case UInt8(ascii: "{"):
            value = Array(try takeBracketed(UInt8(ascii: "{"), UInt8(ascii: "}")).dropFirst().dropLast())
        case UInt8(ascii: "["): value = try takeBracketed(UInt8(ascii: "["), UInt8(ascii: "]"))
        default: return takeWhile { !isBlank($0) }
        }
        if rest.first == UInt8(ascii: ",") { rest = rest.dropFirst() }
        value += takeWhile { !isBlank($0) }
        return value
    }

    private mutating func takeQuoted() throws -> [UInt8] {
        let quote = rest.removeFirst()
        var value: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == quote { return value }
            if byte == UInt8(ascii: "\\"), let escaped = rest.popFirst() {
                value.append(escaped == UInt8(ascii: "n") ? UInt8(ascii: "\n") : escaped)
            } else {
                value.append(byte)
            }
        }
        throw FormatProblem(
            "expected a closing quote, found the end of the line after \(text(value.prefix(40)))")
    }

    /// Up to the bracket that closes the first one, both included; brackets nest, and count for nothing in quotes.
    private mutating func takeBracketed(_ opening: UInt8, _ closing: UInt8) throws -> [UInt8] {
        var depth = 0
        var isQuoted = false
        for (offset, byte) in rest.enumerated() {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if isQuoted { continue }
            if byte == opening { depth += 1 }
            if byte == closing { depth -= 1 }
            if depth == 0 {
                defer { rest = rest.dropFirst(offset + 1) }
                return Array(rest.prefix(offset + 1))
            }
        }
        throw FormatProblem(
            "expected a closing bracket, found the end of the line after \(text(rest.prefix(40)))")
    }

    private mutating func takeWhile(_ belongs: (UInt8) -> Bool) -> [UInt8] {
        let taken = rest.prefix(while: belongs)
        rest = rest.dropFirst(taken.count)
        return Array(taken)
    }

    private mutating func skipBlanks() { rest = rest.drop(while: isBlank) }

    private func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }
}

extension CommentLine {
    /// The numbers of a value, separated by blanks or commas, brackets and `_JSON` left aside. Nil when something
    /// else stands among them.
    static func numbers(in value: String) -> [Double]? {
        let bytes = Array(value.utf8)
        var numbers: [Double] = []
        for word in words(in: value) {
            guard let number = parseDouble(bytes.span, word) else { return nil }
            numbers.append(number)
        }
        return numbers
    }

    /// The truth values of `T T F`, `True True False`, `[T, T, F]`, `1 1 0` or `TTF`.
    static func truths(in value: String) -> [Bool]? {
        let bytes = Array(value.utf8)
        var parts = words(in: value).map { String(decoding: bytes[$0], as: UTF8.self).lowercased() }
        if parts.count == 1, parts[0].count == 3 { parts = parts[0].map { String($0) } }
        var truths: [Bool] = []
        for part in parts {
            switch part {
            case "t", "true", "1": truths.append(true)
            case "f", "false", "0": truths.append(false)
            default: return nil
            }
        }
        return truths
    }

    private static func words(in value: String) -> [Range<Int>] {
        let separators = Array(" \t,[](){}".utf8)
        let bytes = Array(value.utf8)
        var words: [Range<Int>] = []
        var at = value.hasPrefix("_JSON") ? 5 : 0
        while at < bytes.count {
            if separators.contains(bytes[at]) {
                at += 1
                continue
            }
            let start = at
            while at < bytes.count, !separators.contains(bytes[at]) { at += 1 }
            words.append(start..<at)
        }
        return words
    }
}
