import Files
import Foundation
import Yams

/// A section of a YAML file, read key by key with the kind of value that each key should have.
///
///     let settings = try Settings(contentsOf: "train.yaml", overrides: ["model.r_max=4.5"])
///     let model = try settings.section("model")
///     let cutoff = try model.double("r_max", in: 0.1...20)
///     let precision = try model.choice("precision", ["float32", "float64"], default: "float32")
///     try settings.finish()
///
/// Every reading method takes the value to use where the key is absent; without one the key is required. `finish` then
/// reports keys that nobody asked for, so every key must be asked for before, also those that end up unused. Sections
/// of the same text share what they know; a value of this type stays in one thread.
public struct Settings {
    let node: SettingsNode
    /// The keys from the top, joined by dots; empty for the whole text.
    public let path: String

    init(_ node: SettingsNode, path: String) {
        self.node = node
        self.path = path
        if node.requested == nil { node.requested = [] }
    }

    /// Reads a file. `overrides` are settings of a command line, `model.r_max=4.5`, that replace or add values.
    public init(contentsOf path: String, overrides: [String] = []) throws {
        let data: Data
        do {
            data = try InputFile.read(path)
        } catch let error as SystemError {
            let message =
                switch error.code {
                case ENOENT: "no such file"
                case EISDIR: "is a folder, expected a file of settings (YAML)"
                default: "cannot be read: \(error.reason)"
                }
            throw SettingsError(code: .unreadable, file: path, line: nil, key: nil, message: message)
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw SettingsError(code: .unreadable, file: path, line: nil, key: nil, message: "is not a UTF-8 text")
        }
        try self.init(text: text, named: path, overrides: overrides)
    }

    /// Reads a text (YAML, and so also JSON), calling it `name` in messages.
    public init(text: String, named name: String, overrides: [String] = []) throws {
        let parsed = try SettingsNode.parse(yaml: text, named: name)
        let top = SettingsNode.Origin(file: name, line: nil)
        if let parsed, !parsed.isAbsent {
            guard case .section(let entries) = parsed.content else {
                throw SettingsError(
                    code: .syntax, file: name, line: parsed.origin.line, key: nil,
                    message: "expected lines 'key: value', found \(parsed.found)")
            }
            self.init(SettingsNode(.section(entries), at: top), path: "")
        } else {
            self.init(SettingsNode(.section([]), at: top), path: "")
        }
        for text in overrides { try override(text) }
    }

    /// The settings, overrides included and comments left out, as YAML that reads back as the same settings.
    public func yaml() throws -> String { try Yams.serialize(node: node.yaml, allowUnicode: true) }

    /// The keys present, in the order of the text.
    public var keys: [String] { node.entries.map(\.key) }

    /// Throws if this section, or one read from it, has a key that nobody has asked for.
    public func finish() throws {
        try Self.finish(node, path)
    }
}

extension Settings {
    /// The value of a key; throws if it is absent. `expected` says in the message what should stand there.
    public func value(_ key: String, expected: String = "a value") throws -> SettingsValue {
        if let value = optional(key) { return value }
        let similar = node.entries.first {
            !node.requested!.contains($0.key) && nearest(to: $0.key, among: [key]) != nil
        }
        let place = similar.map { $0.origin.line.map { " on line \($0)" } ?? " in \($0.origin.file)" } ?? ""
        let hint = similar.map { "; did you misspell it as '\($0.key)'\(place)?" } ?? ""
        throw SettingsError(
            code: .missingKey, file: node.origin.file, line: node.origin.line, key: path(to: key),
            message: "missing, expected \(expected)\(hint)")
    }

    /// The value of a key, `nil` if it is absent, empty or `null`.
    public func optional(_ key: String) -> SettingsValue? {
        node.request(key).map { SettingsValue(node: $0, path: path(to: key)) }
    }

    public func string(_ key: String, default absent: String? = nil) throws -> String {
        if let absent, optional(key) == nil { return standing(for: key, absent) }
        return try value(key, expected: "a text").string()
    }

    public func boolean(_ key: String, default absent: Bool? = nil) throws -> Bool {
        if let absent, optional(key) == nil { return standing(for: key, absent) }
        return try value(key, expected: "true or false").boolean()
    }

    public func double(_ key: String, in range: ClosedRange<Double> = .all, default absent: Double? = nil) throws
        -> Double
    {
        if let absent, optional(key) == nil { return standing(for: key, absent) }
        return try value(key, expected: range.described(as: "a number")).double(in: range)
    }

    public func integer(_ key: String, in range: ClosedRange<Int> = .all, default absent: Int? = nil) throws -> Int {
        if let absent, optional(key) == nil { return standing(for: key, absent) }
        return try value(key, expected: range.described(as: "an integer")).integer(in: range)
    }

    /// A number with a unit, returned in the base unit of the quantity; range and default are in that unit too.
    public func quantity(
        _ key: String, _ quantity: Quantity, in range: ClosedRange<Double> = .all, default absent: Double? = nil
    ) throws -> Double {
        if let absent, optional(key) == nil { return standing(for: key, absent, "\(absent) \(quantity.base)") }
        return try value(key, expected: range.described(as: quantity.name)).quantity(quantity, in: range)
    }

    public func choice(_ key: String, _ words: [String], default absent: String? = nil) throws -> String {
        if let absent, optional(key) == nil { return standing(for: key, absent) }
        return try value(key, expected: "one of " + words.joined(separator: ", ")).choice(words)
    }

    public func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, of type: Choice.Type, default absent: Choice? = nil
    ) throws -> Choice where Choice.RawValue == String {
        if let absent, optional(key) == nil { return standing(for: key, absent, absent.rawValue) }
        let words = type.allCases.map(\.rawValue).joined(separator: ", ")
        return try value(key, expected: "one of \(words)").choice(of: type)
    }

    /// The elements of a list, or a single value as a list of one.
    public func oneOrMore(_ key: String) throws -> [SettingsValue] { try value(key).oneOrMore() }

    public func section(_ key: String) throws -> Settings { try value(key, expected: "a section").section() }

    /// `nil` if the section is absent.
    public func optionalSection(_ key: String) throws -> Settings? { try optional(key)?.section() }

    /// The section, or an empty one in its place, so that everything in it takes its default.
    public func sectionOrEmpty(_ key: String) throws -> Settings {
        if let section = try optionalSection(key) { return section }
        let empty = node.absentSections[key] ?? SettingsNode(.section([]), at: node.origin)
        node.absentSections[key] = empty
        return Settings(empty, path: path(to: key))
    }

    /// Remembers what an absent key stands for, where the reading methods are not told: a default that is made from
    /// other keys.
    public func note(_ key: String, standsFor value: String) {
        if optional(key) == nil { node.defaults[key] = value }
    }

    /// All keys of a section whose keys are data, such as element symbols, each with its value; `finish` accepts them
    /// all.
    public func entries() -> [(key: String, value: SettingsValue)] {
        keys.map { key in
            let value = node.request(key) ?? node.entries.first { $0.key == key }!.value
            return (key, SettingsValue(node: value, path: path(to: key)))
        }
    }
}

extension Settings {
    private func standing<Value>(for key: String, _ value: Value, _ meaning: String? = nil) -> Value {
        node.defaults[key] = meaning ?? "\(value)"
        return value
    }

    private func path(to key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// Applies `model.r_max=4.5`; the value is YAML.
    private func override(_ text: String) throws {
        let origin = SettingsNode.Origin(file: "override '\(text)'", line: nil)
        func failure(_ message: String, key: String? = nil) -> SettingsError {
            SettingsError(code: .malformedOverride, file: origin.file, line: nil, key: key, message: message)
        }

        guard let sign = text.firstIndex(of: "=") else { throw failure("expected KEY=VALUE") }
        let keys = text[..<sign].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard keys.allSatisfy({ !$0.isEmpty && !$0.contains(where: \.isWhitespace) }) else {
            throw failure("expected keys joined by dots before the '=', such as model.r_max=4.5")
        }
        let value = try SettingsNode.parse(yaml: String(text[text.index(after: sign)...]), named: origin.file)
        let placed = SettingsNode(value?.content ?? .scalar("", isPlain: true), at: origin)
        guard node.set(keys[...], to: placed) else {
            throw failure("expected a section before the last key", key: keys.joined(separator: "."))
        }
    }

    private static func finish(_ node: SettingsNode, _ path: String) throws {
        switch node.content {
        case .scalar: return
        case .list(let values):
            for (index, value) in values.enumerated() { try finish(value, "\(path)[\(index)]") }
        case .section(let entries):
            // Nobody has read it as a section: whoever took the value as a whole answers for it.
            guard let requested = node.requested else { return }
            for entry in entries {
                let key = path.isEmpty ? entry.key : "\(path).\(entry.key)"
                guard requested.contains(entry.key) else {
                    let hint = nearest(to: entry.key, among: requested).map { "; did you mean '\($0)'?" } ?? ""
                    let allowed = requested.isEmpty ? "no keys" : requested.joined(separator: ", ")
                    throw SettingsError(
                        code: .unknownKey, file: entry.origin.file, line: entry.origin.line, key: key,
                        message: "unknown key\(hint.isEmpty ? ";" : hint) allowed: \(allowed)")
                }
                try finish(entry.value, key)
            }
        }
    }
}
