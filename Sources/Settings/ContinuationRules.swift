/// What becomes of a setting that has changed when a run goes on from its checkpoint: one answer for each key.
///
///     static let rules = ContinuationRules([
///         "steps": .expected,
///         "structure": .withoutEffect("the checkpoint holds the atoms"),
///         "trajectory.wrap": .refused("one file cannot hold both; choose another trajectory.file"),
///     ])
///     for line in try rules.changes(from: before, to: now) { … }
public struct ContinuationRules: Sendable {
    public enum Answer: Sendable, Equatable {
        /// The run cannot go on with it; says why and what to do.
        case refused(String)
        /// Holds from here on.
        case listed
        /// Cannot matter any more; says why.
        case withoutEffect(String)
        /// What going on is for, or what concerns the terminal alone: not worth a line.
        case expected
    }

    private var answers: [(key: String, answer: Answer)]

    /// A key stands for all keys below it too, and the longest that fits is the one that counts. Others are `listed`.
    public init(_ answers: KeyValuePairs<String, Answer>) {
        self.answers = answers.map { ($0.key, $0.value) }.sorted { $0.key.utf8.count > $1.key.utf8.count }
    }

    /// With more rules, which count before those there are.
    public func adding(_ more: KeyValuePairs<String, Answer>) -> ContinuationRules {
        var rules = ContinuationRules(more)
        rules.answers = (rules.answers + answers).sorted { $0.key.utf8.count > $1.key.utf8.count }
        return rules
    }

    public func answer(for key: String) -> Answer {
        answers.first { key == $0.key || key.hasPrefix("\($0.key).") }?.answer ?? .listed
    }

    /// One line for each change that people should know of.
    ///
    /// - Throws: `SettingsError` for the first change that is refused.
    public func changes(from before: Settings, to now: Settings) throws -> [String] {
        let changes = now.changes(since: before).map { ($0, answer(for: $0.key)) }
        for case (let change, .refused(let reason)) in changes {
            throw SettingsError(
                code: .outOfRange, file: change.file, line: change.line, key: change.key,
                message: "expected \(change.before ?? "nothing"), as in the checkpoint, found "
                    + "\(change.now ?? "nothing"): \(reason)")
        }
        return changes.compactMap { change, answer in
            switch answer {
            case .refused, .expected: nil
            case .listed: change.description
            case .withoutEffect(let reason): "\(change) (without effect: \(reason))"
            }
        }
    }
}
