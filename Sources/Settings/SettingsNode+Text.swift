import Foundation
import Yams

extension SettingsNode {
    /// The value in Yams' terms, to be printed.
    var yaml: Node {
        switch content {
        case .scalar(let text, let isPlain):
            isAbsent ? Node("null") : Node(text, isPlain ? .implicit : Tag(.str), isPlain ? .any : .doubleQuoted)
        case .list(let values): Node(values.map(\.yaml), .implicit, .flow)
        case .section(let entries): Node(entries.map { (Node($0.key), $0.value.yaml) })
        }
    }

    /// The value as JSON, which reads back as the same settings. Plain words that JSON knows (numbers, true, false, null)
    /// stay what they are; all others become texts.
    var json: String {
        switch content {
        case .scalar(let text, let isPlain):
            if isAbsent { return "null" }
            if isPlain, text == "true" || text == "false" || Self.isJSONNumber(text) { return text }
            return Self.quoted(text)
        case .list(let values): return "[" + values.map(\.json).joined(separator: ", ") + "]"
        case .section(let entries):
            return "{" + entries.map { "\(Self.quoted($0.key)): \($0.value.json)" }.joined(separator: ", ") + "}"
        }
    }

    private static func isJSONNumber(_ text: String) -> Bool {
        text.wholeMatch(of: #/-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/#) != nil
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value):
                result += String(format: "\\u%04x", scalar.value)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
