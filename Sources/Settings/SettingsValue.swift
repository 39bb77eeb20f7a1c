import Files

/// One value of settings, not yet taken for anything: ask what kind it is, or read it as what it should be.
///
/// Every reading method throws a `SettingsError` that names the place, what was expected and what was found.
public struct SettingsValue {
    let node: SettingsNode
    /// The keys from the top, joined by dots; list elements as `[index]`.
    public let path: String

    /// Where the value stands, for errors that are found later.
    public var place: SettingsPlace { SettingsPlace(file: node.origin.file, line: node.origin.line, key: path) }

    public var isList: Bool { if case .list = node.content { true } else { false } }
    public var isSection: Bool { if case .section = node.content { true } else { false } }
    public var isScalar: Bool { !isList && !isSection }

    /// An error about this value, for what only the caller can judge: `throw value.error("expected an element")`.
    public func error(_ message: String, code: SettingsError.Code = .outOfRange) -> SettingsError {
        place.error(message, code: code)
    }

    public func string() throws -> String {
        guard let text = word else { throw wrongType("a text") }
        return means(text, as: text)
    }

    public func boolean() throws -> Bool {
        switch word {
        case "true", "True", "TRUE": return means(true, as: "true")
        case "false", "False", "FALSE": return means(false, as: "false")
        default: throw wrongType("true or false")
        }
    }

    public func double(in range: ClosedRange<Double> = .all) throws -> Double {
        let expected = range.described(as: "a number")
        guard let text = word, let value = Double(text), value.isFinite else { throw wrongType(expected) }
        guard range.contains(value) else { throw outOfRange(expected) }
        return means(value, as: "\(value)")
    }

    /// Whole numbers may also be written `1_000_000` and `1e6`.
    public func integer(in range: ClosedRange<Int> = .all) throws -> Int {
        let expected = range.described(as: "an integer")
        guard let text = word?.filter({ $0 != "_" }),
            let value = Int(text) ?? Double(text).flatMap(Int.init(exactly:))
        else { throw wrongType(expected) }
        guard range.contains(value) else { throw outOfRange(expected) }
        return means(value, as: "\(value)")
    }

    /// A number with a unit, in the base unit of the quantity, as is the range.
    public func quantity(_ quantity: Quantity, in range: ClosedRange<Double> = .all) throws -> Double {
        let expected = range.described(as: quantity.name)
        let unit = quantity.base
        guard let text = word else { throw wrongType("\(expected) such as '1 \(unit)'") }
        switch quantity.read(text) {
        case .noNumber: throw wrongType("\(expected) such as '1 \(unit)'")
        case .unknownUnit(let name):
            throw error(
                "expected \(quantity.name) in \(quantity.choices), found the unit '\(name)'", code: .unknownUnit)
        case .value(let value):
            guard range.contains(value) else { throw outOfRange("\(expected) (in \(unit))") }
            return means(value, as: "\(value) \(unit)")
        }
    }

    /// One of the given words.
    public func choice(_ words: [String]) throws -> String {
        let expected = words.count == 1 ? words[0] : "one of " + words.joined(separator: ", ")
        guard let text = word else { throw wrongType(expected) }
        guard words.contains(text) else {
            let hint = nearest(to: text, among: words).map { "; did you mean '\($0)'?" } ?? ""
            throw error("expected \(expected), found \(node.found)\(hint)")
        }
        return means(text, as: text)
    }

    /// One of the cases of an enumeration, by its raw value.
    public func choice<Choice: RawRepresentable & CaseIterable>(of type: Choice.Type) throws -> Choice
    where Choice.RawValue == String {
        let word = try choice(type.allCases.map(\.rawValue))
        return type.allCases.first { $0.rawValue == word }!
    }

    public func list() throws -> [SettingsValue] {
        guard case .list(let values) = node.content else { throw wrongType("a list") }
        return values.enumerated().map { SettingsValue(node: $1, path: "\(path)[\($0)]") }
    }

    /// The elements of a list, or this value alone if it is none.
    public func oneOrMore() throws -> [SettingsValue] { isList ? try list() : [self] }

    public func section() throws -> Settings {
        guard isSection else { throw wrongType("a section") }
        return Settings(node, path: path)
    }

    /// Remembers how the value was read, for comparisons (`SettingsChange`).
    private func means<Value>(_ value: Value, as meaning: String) -> Value {
        node.meaning = meaning
        return value
    }

    /// In quotes or not: JSON puts quantities in quotes.
    private var word: String? {
        if case .scalar(let text, _) = node.content, !node.isAbsent { text } else { nil }
    }

    private func wrongType(_ expected: String) -> SettingsError {
        error("expected \(expected), found \(node.found)", code: .wrongType)
    }

    private func outOfRange(_ expected: String) -> SettingsError {
        error("expected \(expected), found \(node.found)")
    }
}
