import Settings

/// What has changed in the settings since a training was paused, and what follows from it.
struct ResumedSettings {
    private static let rules = ContinuationRules([
        "output": .withoutEffect("the folder was moved"),
        "data.cache": .withoutEffect("the structures are the same"),
        "training.validation_batch_size": .withoutEffect("it decides about memory and speed"),
        "fine_tuning.potential": .withoutEffect("the checkpoint has gone on from there"),
        "fine_tuning.shifts": .withoutEffect("the checkpoint has gone on from there"),
    ])

    private let before: Settings
    private let now: Settings
    private let changes: [SettingsChange]
    /// As the training was begun, or last gone on with.
    let earlier: TrainingSettings

    /// - Parameters:
    ///   - checkpoint: the settings in it, as YAML; `name` is what messages call them.
    ///   - present: those now.
    init(_ checkpoint: String, named name: String, _ present: TrainingSettings) throws {
        before = try Settings(text: checkpoint, named: name)
        now = try Settings(text: present.text, named: "settings")
        // Reading them tells what absent keys stand for.
        earlier = try TrainingSettings(before)
        _ = try TrainingSettings(now)
        changes = now.changes(since: before)
    }

    /// For people: one line for each change.
    func lines() throws -> [String] { try Self.rules.changes(from: before, to: now) }

    /// The changes of keys that begin like one of these, ` (model.l_max: 1 → 2)`, or nothing.
    func list(of prefixes: String...) -> String {
        let some = changes.filter { change in prefixes.contains { change.key.hasPrefix($0) } }
        return some.isEmpty ? "" : " (\(some.map(\.description).joined(separator: "; ")))"
    }
}
