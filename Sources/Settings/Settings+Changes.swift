extension Settings {
    /// What these settings say otherwise than `earlier` ones, one line for each key: `training.batch_size: 4 → 8`.
    public func changes(since earlier: Settings) -> [String] {
        let (old, new) = (earlier.node.values(at: ""), node.values(at: ""))
        return Set(old.keys).union(new.keys).sorted().compactMap { key in
            old[key] == new[key] ? nil : "\(key): \(old[key] ?? "not given") → \(new[key] ?? "not given")"
        }
    }
}

extension SettingsNode {
    /// Single values and lists, by their keys from the top.
    fileprivate func values(at path: String) -> [String: String] {
        switch content {
        case .scalar(let text, _): return isAbsent ? [:] : [path: text]
        case .list(let items): return [path: "[" + items.map(\.found).joined(separator: ", ") + "]"]
        case .section(let entries):
            return entries.reduce(into: [:]) { values, entry in
                values.merge(entry.value.values(at: path.isEmpty ? entry.key : "\(path).\(entry.key)")) { $1 }
            }
        }
    }
}
