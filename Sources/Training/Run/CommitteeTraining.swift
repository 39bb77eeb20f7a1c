import Atoms
import Compute
import Foundation
import Potentials
import StructureFiles

/// The training of a committee: its members side by side, as many at a time as there are threads, then all in one file.
///
/// Every member is a training of its own in a folder of its own, so it is resumed like any other. What a member becomes
/// does not depend on how many are trained at a time.
public final class CommitteeTraining {
    public let preparation: TrainingPreparation
    public let members: [TrainingRun]
    private let parallelism: Parallelism

    public init(_ preparation: TrainingPreparation, parallelism: Parallelism) throws {
        self.preparation = preparation
        self.parallelism = parallelism
        let count = preparation.settings.committee.members
        let workers = min(count, parallelism.threads)
        members = try (0..<count).map { member in
            // The last ones may be fewer than threads.
            let sideBySide = member < count - count % workers ? workers : count % workers
            return try TrainingRun(
                preparation, member: member, parallelism: Parallelism(threads: parallelism.threads / sideBySide))
        }
    }

    public var folder: OutputFolder { OutputFolder(preparation.settings.output) }
    public var potentialPath: String { folder.potential }

    /// What the members that have not ended lack: `member 3 has taken 31 of 300 epochs`. Nothing where all have.
    public func whatIsLeft() throws -> [String] {
        try members.enumerated().compactMap { index, member in
            try member.whatIsLeft().map { "member \(index + 1) \($0)" }
        }
    }

    /// Trains the members that have not ended. `report` gets the number of the member, from 0; it and `isInterrupted`
    /// are called from several threads.
    ///
    /// Returns what became of each: a summary, or nothing where it had ended before or was not begun.
    public func run(
        resuming: Bool, isInterrupted: @escaping @Sendable () -> Bool,
        report: @escaping @Sendable (_ member: Int, TrainingRun.Event) -> Void
    ) throws -> [TrainingRun.Summary?] {
        let isOpen = try members.map { member in
            guard resuming, FileManager.default.fileExists(atPath: member.checkpointPath) else { return true }
            return try !member.hasEnded()
        }
        let (members, outcomes) = (members, Outcomes(count: members.count))
        let workers = min(members.count, parallelism.threads)
        DispatchQueue.concurrentPerform(iterations: workers) { worker in
            for index in stride(from: worker, to: members.count, by: workers) where isOpen[index] {
                if isInterrupted() || outcomes.hasFailed { return }
                let member = members[index]
                let resumes = resuming && FileManager.default.fileExists(atPath: member.checkpointPath)
                outcomes.set(
                    index,
                    Result {
                        try member.run(
                            resuming: resumes, isInterrupted: { isInterrupted() || outcomes.hasFailed },
                            report: { report(index, $0) })
                    })
            }
        }
        return try outcomes.results()
    }

    /// Puts the members' potentials into one file, with the errors of their mean on the validation set, which are
    /// returned with the mean deviation of forces. Nothing where a member's training has not ended.
    public func join() throws -> GroupedErrors? {
        guard try whatIsLeft().isEmpty else { return nil }
        var committee = try Potential(joining: members.map { try Potential(contentsOf: $0.potentialPath) })
        committee.provenance.created = Date().ISO8601Format()
        let set = preparation.validation.count > 0 ? preparation.validation : preparation.training
        let errors = try Evaluation(of: committee, parallelism: parallelism).writePredictions(
            for: set, to: folder.predictions)
        committee.provenance.validationErrors = [:]
        for case (let name, let value?) in errors.all.named { committee.provenance.validationErrors[name] = value }
        try committee.write(to: potentialPath)
        return errors
    }

    /// What the workers found, by member.
    private final class Outcomes: @unchecked Sendable {
        private let lock = NSLock()
        private var outcomes: [Result<TrainingRun.Summary, any Error>?]

        init(count: Int) { outcomes = Array(repeating: nil, count: count) }

        func set(_ index: Int, _ outcome: Result<TrainingRun.Summary, any Error>) {
            lock.withLock { outcomes[index] = outcome }
        }

        var hasFailed: Bool {
            lock.withLock { outcomes.contains { if case .failure = $0 { true } else { false } } }
        }

        /// Throws the first member's error, if there is one.
        func results() throws -> [TrainingRun.Summary?] { try lock.withLock { try outcomes.map { try $0?.get() } } }
    }
}
