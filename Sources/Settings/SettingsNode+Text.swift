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
}
