import Foundation
import Yams

extension SettingsNode {
    /// Aliases can make a short text expand without end; no settings need this many values.
    private static let largestCount = 100_000

    /// The value that a YAML text stands for; `nil` if it is empty.
    static func parse(yaml: String, named file: String) throws -> SettingsNode? {
        do {
            var count = 0
            guard let root = try Yams.compose(yaml: yaml) else { return nil }
            return try SettingsNode(root, in: file, keyLine: nil, count: &count)
        } catch let error as YamlError {
            throw SettingsError(error, of: yaml, named: file)
        }
    }

    private convenience init(_ node: Node, in file: String, keyLine: Int?, count: inout Int) throws {
        func failure(_ code: SettingsError.Code, _ message: String, line: Int?, key: String? = nil) -> SettingsError {
            SettingsError(code: code, file: file, line: line, key: key, message: message)
        }

        count += 1
        guard count <= Self.largestCount else {
            throw failure(.syntax, "expected at most \(Self.largestCount) values", line: node.mark?.line)
        }
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain || scalar.style == .any
            self.init(.scalar(scalar.string, isPlain: isPlain), at: Origin(file: file, line: node.mark?.line))
        case .sequence(let sequence):
            let values = try sequence.map { try SettingsNode($0, in: file, keyLine: nil, count: &count) }
            self.init(.list(values), at: Origin(file: file, line: keyLine ?? node.mark?.line))
        case .mapping(let mapping):
            var entries: [Entry] = []
            var lines: [String: Int?] = [:]
            for (key, value) in mapping {
                let line = key.mark?.line
                guard case .scalar(let name) = key, !name.string.isEmpty else {
                    throw failure(.syntax, "expected a word as key", line: line)
                }
                if let first = lines.updateValue(line, forKey: name.string) {
                    throw failure(
                        .duplicateKey, "appears twice, first on line \(first ?? 0)", line: line, key: name.string)
                }
                let child = try SettingsNode(value, in: file, keyLine: line, count: &count)
                entries.append(Entry(key: name.string, origin: Origin(file: file, line: line), value: child))
            }
            self.init(.section(entries), at: Origin(file: file, line: keyLine ?? node.mark?.line))
        case .alias:
            throw failure(.syntax, "expected a value, found an alias", line: node.mark?.line)
        }
    }
}

extension SettingsError {
    fileprivate init(_ error: YamlError, of yaml: String, named file: String) {
        func syntax(_ problem: String, line: Int?) -> SettingsError {
            SettingsError(code: .syntax, file: file, line: line, key: nil, message: "not valid YAML: \(problem)")
        }

        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            self = syntax(context.map { "\(problem) \($0.text)" } ?? problem, line: mark.line)
        case .reader(let problem, let offset, _, _):
            self = syntax(problem, line: offset.map { yaml.prefix($0).count { $0.isNewline } + 1 })
        case .duplicatedKeysInMapping(let duplicates, let context):
            let key = duplicates.first ?? ""
            let second = Self.lineRepeating(key, first: context.mark, in: yaml)
            self.init(
                code: .duplicateKey, file: file, line: second, key: key,
                message: "appears twice, first on line \(context.mark.line)")
        default:
            self = syntax("\(error)", line: nil)
        }
    }

    /// The next line with this key at the same column as the first, which is all that Yams tells.
    private static func lineRepeating(_ key: String, first: Mark, in yaml: String) -> Int {
        let lines = yaml.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for number in first.line..<max(first.line, lines.count) {
            let rest = lines[number].dropFirst(first.column - 1).trimmingPrefix { $0 == "\"" || $0 == "'" }
            guard rest.hasPrefix(key), lines[number].prefix(first.column - 1).allSatisfy({ $0 == " " }) else {
                continue
            }
            let after = rest.dropFirst(key.count).trimmingPrefix { $0 == "\"" || $0 == "'" || $0 == " " }
            if after.first == ":" { return number + 1 }
        }
        return first.line
    }
}
