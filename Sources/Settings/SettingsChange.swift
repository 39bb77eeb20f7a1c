/// One key that says something else than it did before.
///
/// Values are compared by what they mean where both were read: `1 fs` is `0.001 ps`, and a key that is written with its
/// default is a key that is not there.
public struct SettingsChange: Sendable, Equatable, CustomStringConvertible {
    /// The keys from the top, joined by dots.
    public let key: String
    /// As written; `nil` where the key was absent and has no default.
    public let before: String?
    public let now: String?
    /// Where the key stands now; the file where it is absent.
    let file: String
    let line: Int?

    public var description: String { "\(key): \(before ?? "not given") → \(now ?? "not given")" }

    public static func == (a: Self, b: Self) -> Bool { (a.key, a.before, a.now) == (b.key, b.before, b.now) }
}

extension Settings {
    /// What these settings say otherwise than `earlier` ones, in the order of the keys. Both should have been read by
    /// the same code, so that defaults are known.
    public func changes(since earlier: Settings) -> [SettingsChange] {
        let (old, new) = (earlier.node.values(at: ""), node.values(at: ""))
        return Set(old.keys).union(new.keys).sorted().compactMap { key in
            let (a, b) = (old[key], new[key])
            switch (a, b) {
            case (let a?, let b?):
                if let before = a.meaning, let now = b.meaning, before == now { return nil }
                if a.text == b.text { return nil }
            // A default of a key that the other settings have no use for.
            case (let value?, nil), (nil, let value?): if value.isDefault { return nil }
            case (nil, nil): return nil
            }
            return SettingsChange(
                key: key, before: a?.text, now: b?.text, file: b?.origin?.file ?? node.origin.file,
                line: b?.origin?.line)
        }
    }
}

private struct SettingsEntry {
    var text: String
    var meaning: String?
    /// `nil` for a default.
    var origin: SettingsNode.Origin?
    var isDefault: Bool { origin == nil }
}

extension SettingsNode {
    /// Single values and lists with what absent keys stand for, by their keys from the top.
    fileprivate func values(at path: String) -> [String: SettingsEntry] {
        func key(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
        switch content {
        case .scalar(let text, _):
            return isAbsent ? [:] : [path: SettingsEntry(text: text, meaning: meaning, origin: origin)]
        case .list(let items):
            let meanings = items.compactMap(\.meaning)
            let meaning = meanings.count == items.count ? "[" + meanings.joined(separator: ", ") + "]" : nil
            let text = "[" + items.map(\.plainText).joined(separator: ", ") + "]"
            return [path: SettingsEntry(text: text, meaning: meaning, origin: origin)]
        case .section(let entries):
            var values = defaults.reduce(into: [String: SettingsEntry]()) {
                $0[key($1.key)] = SettingsEntry(text: $1.value, meaning: $1.value, origin: nil)
            }
            for (name, section) in absentSections { values.merge(section.values(at: key(name))) { $1 } }
            for entry in entries { values.merge(entry.value.values(at: key(entry.key))) { $1 } }
            return values
        }
    }

    private var plainText: String { if case .scalar(let text, _) = content { text } else { found } }
}
