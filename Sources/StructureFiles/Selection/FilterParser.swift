import Atoms

/// Reads an expression of `StructureFilter` from left to right.
struct FilterParser {
    private let text: String
    private var words: [(word: Word, place: Int)] = []
    private var next = 0
    /// Parentheses and `not` within each other.
    private var depth = 0
    private static let deepest = 100

    private enum Word: Equatable {
        case number(Double)
        case text(String)
        case name(String)
        case sign(String)

        var shown: String {
            switch self {
            case .number(let number): "\(number)"
            case .text(let text): "'\(text)'"
            case .name(let name): name
            case .sign(let sign): sign
            }
        }
    }

    init(_ text: String) throws {
        self.text = text
        try split()
    }

    mutating func parse() throws -> FilterExpression {
        guard !words.isEmpty else { throw error("expected a condition such as \"fmax < 20\", found nothing") }
        let expression = try or()
        guard next == words.count else {
            let hint = words[next].word == .sign("=") ? "; two signs compare: ==" : ""
            throw unexpected("and, or, or the end\(hint)")
        }
        return expression
    }

    // MARK: Words

    private static let signs = [
        "<=", ">=", "==", "!=", "<", ">", "=", "(", ")", "+", "-", "*", "/", "&&", "||", "&", "|", "!",
    ]

    private mutating func split() throws {
        let characters = Array(text)
        var at = 0
        while at < characters.count {
            let character = characters[at]
            if character.isWhitespace {
                at += 1
            } else if character == "'" || character == "\"" {
                guard let end = characters[(at + 1)...].firstIndex(of: character) else {
                    throw error("expected a closing quote for the text at column \(at + 1)")
                }
                words.append((.text(String(characters[(at + 1)..<end])), at))
                at = end + 1
            } else if character.isASCII, character.isNumber || character == "." {
                var end = at + 1
                while end < characters.count,
                    characters[end].isNumber || characters[end] == "." || characters[end].isLetter
                        || ("+-".contains(characters[end]) && "eE".contains(characters[end - 1]))
                { end += 1 }
                let word = String(characters[at..<end])
                guard let number = Double(word) else {
                    throw error("expected a number at column \(at + 1), found \"\(word)\"; texts stand in quotes")
                }
                words.append((.number(number), at))
                at = end
            } else if character.isLetter || character == "_" {
                var end = at + 1
                while end < characters.count,
                    characters[end].isLetter || characters[end].isNumber || "_.".contains(characters[end])
                { end += 1 }
                words.append((.name(String(characters[at..<end])), at))
                at = end
            } else if let sign = Self.signs.filter({ String(characters[at...].prefix($0.count)) == $0 })
                .max(by: { $0.count < $1.count })
            {
                let instead = ["&&": "and", "&": "and", "||": "or", "|": "or", "!": "not"]
                if let word = instead[sign] { throw error("found \"\(sign)\" at column \(at + 1); write \(word)") }
                words.append((.sign(sign), at))
                at += sign.count
            } else {
                throw error("cannot understand \"\(character)\" at column \(at + 1)")
            }
        }
    }

    private var word: Word? { next < words.count ? words[next].word : nil }

    private mutating func take(_ wanted: Word) -> Bool {
        guard word == wanted else { return false }
        next += 1
        return true
    }

    // MARK: Levels, from the weakest

    private mutating func or() throws -> FilterExpression {
        var left = try and()
        while take(.name("or")) { left = .or(left, try and()) }
        return left
    }

    private mutating func and() throws -> FilterExpression {
        var left = try not()
        while take(.name("and")) { left = .and(left, try not()) }
        return left
    }

    private mutating func not() throws -> FilterExpression {
        guard take(.name("not")) else { return try comparison() }
        return try nested { .not(try $0.not()) }
    }

    private mutating func comparison() throws -> FilterExpression {
        let left = try sum()
        guard let sign = comparisonSign() else { return left }
        let right = try sum()
        var expression = FilterExpression.compare(left, sign, right)
        // 10 < natoms <= 64
        var last = right
        while let sign = comparisonSign() {
            let more = try sum()
            expression = .and(expression, .compare(last, sign, more))
            last = more
        }
        return expression
    }

    private mutating func comparisonSign() -> FilterExpression.Comparison? {
        guard case .sign(let sign) = word, let comparison = FilterExpression.Comparison(rawValue: sign) else {
            return nil
        }
        next += 1
        return comparison
    }

    private mutating func sum() throws -> FilterExpression {
        var left = try product()
        while true {
            if take(.sign("+")) {
                left = .combine(left, .plus, try product())
            } else if take(.sign("-")) {
                left = .combine(left, .minus, try product())
            } else {
                return left
            }
        }
    }

    private mutating func product() throws -> FilterExpression {
        var left = try single()
        while true {
            if take(.sign("*")) {
                left = .combine(left, .times, try single())
            } else if take(.sign("/")) {
                left = .combine(left, .by, try single())
            } else {
                return left
            }
        }
    }

    private mutating func single() throws -> FilterExpression {
        guard let word else { throw unexpected("a number, a quantity or a text") }
        switch word {
        case .number(let number):
            next += 1
            return .number(number)
        case .text(let text):
            next += 1
            return .text(text)
        case .sign("-"):
            next += 1
            return try nested { .combine(.number(0), .minus, try $0.single()) }
        case .sign("("):
            next += 1
            let inside = try nested { try $0.or() }
            guard take(.sign(")")) else { throw unexpected("a closing parenthesis") }
            return inside
        case .name(let name) where !["and", "or", "not"].contains(name):
            next += 1
            if take(.sign("(")) { return try call(name) }
            if let quantity = FilterQuantity(rawValue: name) { return .quantity(quantity) }
            return .key(name)
        case .sign, .name: throw unexpected("a number, a quantity or a text")
        }
    }

    private mutating func call(_ name: String) throws -> FilterExpression {
        guard ["count", "has", "key"].contains(name) else {
            throw error("expected count(…), has(…) or key(…), found \(name)(…)")
        }
        let argument: String
        switch word {
        case .name(let word), .text(let word): argument = word
        default: throw unexpected("a name in \(name)(…)")
        }
        next += 1
        guard take(.sign(")")) else { throw unexpected("a closing parenthesis") }
        switch name {
        case "count":
            guard let element = Element(argument) else {
                throw error("expected the symbol of an element in count(…), found \(argument)")
            }
            return .count(element)
        case "has": return .has(argument)
        default: return .key(argument)
        }
    }

    private mutating func nested(
        _ body: (inout FilterParser) throws -> FilterExpression
    ) throws -> FilterExpression {
        depth += 1
        defer { depth -= 1 }
        guard depth < Self.deepest else { throw error("is nested too deeply") }
        return try body(&self)
    }

    // MARK: Errors

    private func unexpected(_ expected: String) -> FilterError {
        guard next < words.count else { return error("expected \(expected), found the end") }
        let (word, place) = words[next]
        return error("expected \(expected), found \"\(word.shown)\" at column \(place + 1)")
    }

    private func error(_ message: String) -> FilterError { FilterError("--where: \(message): \"\(text)\"") }
}
