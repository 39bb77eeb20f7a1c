/// Words of a CIF: tags, values in quotes or text fields, and what begins blocks and loops (CIF 1.1, syntax).
struct CIFTokens {
    enum Token {
        case block(String), loop, tag(String), value(String)
        /// `save_…`, `global_`, `stop_`, which files of data do not have.
        case other(String)
    }

    private(set) var lines: LineReader
    private var at = 0
    private var isInLine = false
    private var pending: Token?

    init(_ lines: LineReader) { self.lines = lines }

    /// The longest text field that is believed to be one.
    private static let longestField = 1 << 24

    mutating func verifyRest() throws { try lines.verifyRest() }

    /// Gives this token again.
    mutating func putBack(_ token: Token) { pending = token }

    mutating func next() throws -> Token? {
        if let token = pending {
            pending = nil
            return token
        }
        while true {
            if !isInLine {
                guard try lines.advance() else { return nil }
                at = lines.line.lowerBound
                isInLine = true
                if at < lines.line.upperBound, lines.buffer[at] == UInt8(ascii: ";") {
                    return .value(try textField())
                }
            }
            while at < lines.line.upperBound, isBlank(lines.buffer[at]) { at += 1 }
            guard at < lines.line.upperBound, lines.buffer[at] != UInt8(ascii: "#") else {
                isInLine = false
                continue
            }
            let first = lines.buffer[at]
            if first == UInt8(ascii: "'") || first == UInt8(ascii: "\"") { return .value(try quoted(by: first)) }
            let word = nextWord(lines.buffer.span, from: at, to: lines.line.upperBound)!
            at = word.upperBound
            let text = String(decoding: lines.buffer[word], as: UTF8.self)
            if first == UInt8(ascii: "_") {
                return .tag(text.lowercased().replacing(".", with: "_"))
            }
            let small = text.count < 100 ? text.lowercased() : text
            if small.hasPrefix("data_") { return .block(String(text.dropFirst(5))) }
            if small == "loop_" { return .loop }
            if small.hasPrefix("save_") || small == "global_" || small == "stop_" { return .other(text) }
            return .value(text)
        }
    }

    /// A quote ends where a blank follows.
    private mutating func quoted(by quote: UInt8) throws -> String {
        let start = at + 1
        var end = start
        while end < lines.line.upperBound {
            if lines.buffer[end] == quote, end + 1 == lines.line.upperBound || isBlank(lines.buffer[end + 1]) {
                at = end + 1
                return String(decoding: lines.buffer[start..<end], as: UTF8.self)
            }
            end += 1
        }
        throw FormatProblem("expected a closing quote, found the end of the line: \(lines.excerpt)")
    }

    /// From `;` at the beginning of a line to the next.
    private mutating func textField() throws -> String {
        let begin = lines.number
        var bytes = Array(lines.buffer[(at + 1)..<lines.line.upperBound])
        while try lines.advance() {
            if lines.line.lowerBound < lines.line.upperBound, lines.buffer[lines.line.lowerBound] == UInt8(ascii: ";")
            {
                at = lines.line.lowerBound + 1
                return String(decoding: bytes, as: UTF8.self)
            }
            bytes.append(UInt8(ascii: "\n"))
            bytes += lines.buffer[lines.line]
            guard bytes.count <= Self.longestField else { break }
        }
        throw FormatProblem("expected the ; that ends the text which begins at line \(begin), found none")
    }
}
