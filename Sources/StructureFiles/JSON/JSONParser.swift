/// Reads JSON (RFC 8259) from bytes, with the `NaN` and `Infinity` that Python writes.
///
/// Values can be taken one by one out of an outer table or array, so that memory holds one of them at a time.
struct JSONParser {
    private let bytes: [UInt8]
    private(set) var at: Int
    private let end: Int

    /// Deeper is no file of structures, and would need as deep a stack.
    private static let deepest = 200

    init(_ bytes: [UInt8], range: Range<Int>? = nil) {
        self.bytes = bytes
        (at, end) = (range?.lowerBound ?? 0, range?.upperBound ?? bytes.count)
    }

    /// The one value of a text. Throws a `FormatProblem`.
    static func value(of bytes: [UInt8]) throws -> JSONValue {
        var parser = JSONParser(bytes)
        let value = try parser.value()
        parser.skipBlanks()
        guard parser.at == parser.end else { throw parser.problem("the end of the text") }
        return value
    }

    func problem(_ expected: String) -> FormatProblem {
        let found =
            at < end ? "\"\(String(decoding: bytes[at..<min(end, at + 20)], as: UTF8.self))\"" : "the end of the text"
        return FormatProblem("expected \(expected) of JSON at byte \(at), found \(found)")
    }

    var isAtEnd: Bool {
        mutating get {
            skipBlanks()
            return at == end
        }
    }

    private mutating func skipBlanks() {
        while at < end, bytes[at] == 0x20 || bytes[at] == 0x0A || bytes[at] == 0x0D || bytes[at] == 0x09 { at += 1 }
    }

    /// Whether this byte comes next, which is then passed.
    mutating func take(_ byte: Character) -> Bool {
        skipBlanks()
        guard at < end, bytes[at] == byte.asciiValue! else { return false }
        at += 1
        return true
    }

    mutating func expect(_ byte: Character) throws {
        guard take(byte) else { throw problem("\"\(byte)\"") }
    }

    mutating func value(depth: Int = 0) throws -> JSONValue {
        skipBlanks()
        guard at < end else { throw problem("a value") }
        guard depth < Self.deepest else { throw problem("less than \(Self.deepest) arrays in each other") }
        switch bytes[at] {
        case UInt8(ascii: "{"):
            at += 1
            var table: [String: JSONValue] = [:]
            guard !take("}") else { return .table(table) }
            repeat {
                let key = try self.key()
                table[key] = try value(depth: depth + 1)
            } while take(",")
            try expect("}")
            return .table(table)
        case UInt8(ascii: "["):
            at += 1
            return try array(depth)
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "t"): return try word("true", .truth(true))
        case UInt8(ascii: "f"): return try word("false", .truth(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    /// The name of an entry, and the colon behind it.
    mutating func key() throws -> String {
        skipBlanks()
        guard at < end, bytes[at] == UInt8(ascii: "\"") else { throw problem("a name") }
        let key = try string()
        try expect(":")
        return key
    }

    private mutating func array(_ depth: Int) throws -> JSONValue {
        guard !take("]") else { return .numbers([]) }
        var numbers: [Double] = []
        var list: [JSONValue]?
        repeat {
            skipBlanks()
            if list == nil, at < end, startsNumber(bytes[at]) {
                numbers.append(try number())
            } else {
                if list == nil {
                    list = numbers.map { .number($0) }
                    numbers = []
                }
                list!.append(try value(depth: depth + 1))
            }
        } while take(",")
        try expect("]")
        return list.map { .list($0) } ?? .numbers(numbers)
    }

    private func startsNumber(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "N")
            || byte == UInt8(ascii: "I")
    }

    private mutating func number() throws -> Double {
        let start = at
        while at < end {
            let byte = bytes[at]
            guard
                byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: "+") || (byte | 0x20) &- UInt8(ascii: "a") < 26
            else { break }
            at += 1
        }
        guard let number = parseDouble(bytes.span, start..<at) else {
            at = start
            throw problem("a value")
        }
        return number
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws -> JSONValue {
        let letters = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard end - at >= letters.count, letters.indices.allSatisfy({ bytes[at + $0] == letters[$0] }) else {
            throw problem("a value")
        }
        at += letters.count
        return value
    }

    private mutating func string() throws -> String {
        at += 1
        let start = at
        while at < end, bytes[at] != UInt8(ascii: "\""), bytes[at] != UInt8(ascii: "\\") { at += 1 }
        if at < end, bytes[at] == UInt8(ascii: "\"") {
            defer { at += 1 }
            return String(decoding: bytes[start..<at], as: UTF8.self)
        }
        var text = Array(bytes[start..<at])
        while at < end {
            let byte = bytes[at]
            at += 1
            if byte == UInt8(ascii: "\"") { return String(decoding: text, as: UTF8.self) }
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                continue
            }
            guard at < end else { break }
            let letter = bytes[at]
            at += 1
            switch letter {
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0C)
            case UInt8(ascii: "u"): text += String(try unicodeScalar()).utf8
            default: text.append(letter)
            }
        }
        throw problem("a closing quote")
    }

    /// Behind `\u`: four digits, and of a pair the second half.
    private mutating func unicodeScalar() throws -> Character {
        func unit() throws -> UInt32 {
            guard end - at >= 4, let value = UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
            else {
                throw problem("four hexadecimal digits")
            }
            at += 4
            return value
        }
        let first = try unit()
        if (0xD800..<0xDC00).contains(first), end - at >= 6, bytes[at] == UInt8(ascii: "\\"),
            bytes[at + 1] == UInt8(ascii: "u")
        {
            at += 2
            let second = try unit()
            if (0xDC00..<0xE000).contains(second) {
                return Character(UnicodeScalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}")
            }
        }
        return Character(UnicodeScalar(first) ?? "\u{FFFD}")
    }
}
