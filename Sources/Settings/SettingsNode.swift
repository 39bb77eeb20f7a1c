/// A value of the text, where it stands, and which of its keys have been asked for.
///
/// A class, because what is asked for through one `Settings` must be known to all others of the same section.
final class SettingsNode {
    struct Origin {
        /// A file, or the override that this value comes from.
        var file: String
        var line: Int?
    }

    struct Entry {
        var key: String
        var origin: Origin
        var value: SettingsNode
    }

    enum Content {
        /// `isPlain` unless in quotes or a block of text.
        case scalar(String, isPlain: Bool)
        case list([SettingsNode])
        case section([Entry])
    }

    var content: Content
    let origin: Origin

    /// Keys asked for, in order, whether present or not; `nil` as long as nobody has read this as a section.
    var requested: [String]?

    /// The value as it was read, in one spelling for all ways to write it: `1.0 fs` of `0.001 ps`.
    var meaning: String?

    /// What absent keys that were asked for stand for.
    var defaults: [String: String] = [:]

    /// Sections that were read although they are not there, for the defaults in them.
    var absentSections: [String: SettingsNode] = [:]

    init(_ content: Content, at origin: Origin) {
        self.content = content
        self.origin = origin
    }

    /// An empty value, `null` or `~`: the same as a key that is not there.
    var isAbsent: Bool {
        if case .scalar(let text, isPlain: true) = content {
            ["", "~", "null", "Null", "NULL"].contains(text)
        } else {
            false
        }
    }

    var entries: [Entry] { if case .section(let entries) = content { entries } else { [] } }

    /// The value of a key, `nil` if there is none or it is empty; remembers that the key is known.
    func request(_ key: String) -> SettingsNode? {
        if requested == nil { requested = [] }
        if !requested!.contains(key) { requested!.append(key) }
        return entries.first { $0.key == key && !$0.value.isAbsent }?.value
    }

    /// What an error message calls this value.
    var found: String {
        switch content {
        case .scalar(let text, let isPlain):
            let short = text.count <= 60 ? text : text.prefix(57) + "…"
            return isAbsent ? "nothing" : isPlain ? "'\(short)'" : "the text \"\(short)\" in quotes"
        case .list: return "a list"
        case .section: return "a section"
        }
    }

    /// Sets the value at a path of keys, making the sections on the way; `false` if a value on the way is no section.
    func set(_ path: ArraySlice<String>, to value: SettingsNode) -> Bool {
        guard case .section(var entries) = isAbsent ? .section([]) : content, let key = path.first else {
            return false
        }
        let index = entries.firstIndex { $0.key == key }
        if path.count == 1 {
            let entry = Entry(key: key, origin: value.origin, value: value)
            if let index { entries[index] = entry } else { entries.append(entry) }
        } else {
            let child = index.map { entries[$0].value } ?? SettingsNode(.section([]), at: value.origin)
            guard child.set(path.dropFirst(), to: value) else { return false }
            if index == nil { entries.append(Entry(key: key, origin: value.origin, value: child)) }
        }
        content = .section(entries)
        return true
    }
}
