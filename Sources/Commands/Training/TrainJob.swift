import Compute
import DataSets
import Files
import Foundation
import Models
import Settings
import Training

/// `apus train`: from DFT data to a potential.
public struct TrainJob {
    let config: String
    let set: [String]
    let resume: Bool
    let overwrite: Bool
    let member: Int?
    let parallelism: Parallelism
    /// Whether nothing is printed, for a training that is part of something else.
    private let isQuiet: Bool

    public init(
        config: String, set: [String], resume: Bool, overwrite: Bool, member: Int?, parallelism: Parallelism
    ) {
        self.init(
            config: config, set: set, resume: resume, overwrite: overwrite, member: member, isQuiet: false,
            parallelism: parallelism)
    }

    init(
        config: String, set: [String] = [], resume: Bool, overwrite: Bool = false, member: Int? = nil, isQuiet: Bool,
        parallelism: Parallelism
    ) {
        self.config = config
        self.set = set
        self.resume = resume
        self.overwrite = overwrite
        self.member = member
        self.isQuiet = isQuiet
        self.parallelism = parallelism
    }

    public func run() throws {
        let ranks = try Ranks.join()
        let settings = try TrainingSettings(Settings(contentsOf: config, overrides: set))
        try checkMember(of: settings.committee.members, hasRanks: ranks != nil)
        let preparation = try TrainingPreparation(settings, parallelism: parallelism)
        Interruption.watch()
        if settings.committee.members > 1, member == nil {
            try trainCommittee(preparation)
        } else {
            let training = try TrainingRun(
                preparation, member: member.map { $0 - 1 }, parallelism: parallelism, communicator: ranks)
            if let ranks, ranks.rank != 0 {
                try training.agree(resuming: resume)
                _ = try training.run(
                    resuming: resume, isInterrupted: { Interruption.cancellation.isCancelled }, report: { _ in })
            } else {
                try train(training)
                if member != nil {
                    try join(CommitteeTraining(preparation, parallelism: parallelism), to: nil)
                }
            }
            ranks?.leave()
        }
        if let code = Interruption.exitCode { throw CommandExit(code) }
    }

    private func checkMember(of members: Int, hasRanks: Bool) throws {
        if let member {
            guard members > 1 else {
                throw CommandError(
                    "--member: \(config) trains one potential; committee.members says how many there are")
            }
            guard (1...members).contains(member) else {
                throw CommandError("--member: expected 1…\(members), found \(member)")
            }
        } else if hasRanks, members > 1 {
            throw CommandError(
                "a committee's members are trained together by mpirun one at a time: name one with --member")
        }
    }

    /// The files that are read, which no output may replace.
    private func inputs(of preparation: TrainingPreparation) -> [String] { preparation.inputs + [config] }

    // MARK: One potential

    /// Trains one potential: alone, or one member of a committee.
    private func train(_ training: TrainingRun) throws {
        let whole = OutputFolder(training.settings.output)
        func check() throws {
            // Another member is not this one's to replace, and neither is what stands in their place.
            if !overwrite || member != nil { try whole.check(holds: member != nil) }
            try training.folder.check(against: inputs(of: training.preparation), mayExist: resume || overwrite)
            guard resume else { return }
            guard FileManager.default.fileExists(atPath: training.checkpointPath) else {
                throw CommandError(
                    "\(training.checkpointPath): no such checkpoint to resume; train without --resume first, or with --overwrite where a training was killed at its very start"
                )
            }
        }
        try check()
        try training.agree(resuming: resume)
        try training.folder.make()
        let lock = try FolderLock(training.output)
        // The one before may have ended meanwhile.
        try check()
        if resume { try training.refuseIfEnded() }
        let changes = resume ? try training.changesSinceCheckpoint() : []
        if overwrite { try member == nil ? training.folder.discard() : training.folder.discardOwn() }
        let log = try TrainingLog(
            path: training.folder.log, of: training.model.configuration, continuing: resume, isQuiet: isQuiet)
        TrainingIntroduction(training.preparation, threads: parallelism.threads, changes).write(to: log)
        if let warning = lock.warning { log.remark(.warning(warning)) }
        TrainingLog.header(of: training.model.configuration).forEach(log.line)
        let summary = try training.run(
            resuming: resume, isInterrupted: { Interruption.cancellation.isCancelled }, report: { log.report($0) })
        log.conclude(training, summary)
        log.line(next(training.potentialPath, training.model.configuration))
        try log.close()
        withExtendedLifetime(lock) {}
    }

    // MARK: Committees

    private func trainCommittee(_ preparation: TrainingPreparation) throws {
        let committee = try CommitteeTraining(preparation, parallelism: parallelism)
        func check() throws {
            if !overwrite { try committee.folder.check(holds: true) }
            try committee.folder.check(against: inputs(of: preparation), mayExist: resume || overwrite)
            for member in committee.members {
                try member.folder.check(against: inputs(of: preparation), mayExist: resume || overwrite)
            }
            if resume, committee.folder.content == .nothing {
                throw CommandError(
                    "\(committee.folder.path): holds no member of a committee to resume; train without --resume first"
                )
            }
        }
        try check()
        try committee.folder.make()
        var locks = [try FolderLock(committee.folder.path)]
        try check()
        var changes: Set<String> = []
        for member in committee.members where resume {
            guard FileManager.default.fileExists(atPath: member.checkpointPath) else { continue }
            changes.formUnion(try member.changesSinceCheckpoint())
        }
        if overwrite { try committee.folder.discard() }
        for member in committee.members {
            try member.folder.make()
            locks.append(try FolderLock(member.output))
        }
        let log = try TrainingLog(
            path: committee.folder.log, of: committee.preparation.model.configuration, continuing: resume,
            isQuiet: isQuiet)
        TrainingIntroduction(preparation, threads: parallelism.threads, changes.sorted()).write(to: log)
        if let warning = locks[0].warning { log.remark(.warning(warning)) }
        TrainingLog.committeeHeader(of: committee.preparation.model.configuration).forEach(log.line)
        let logs = try committee.members.enumerated().map { index, member in
            try TrainingLog(
                path: member.folder.log, of: member.model.configuration, continuing: resume, label: "\(index + 1)",
                whole: log, isQuiet: isQuiet)
        }
        let summaries = try committee.run(
            resuming: resume, isInterrupted: { Interruption.cancellation.isCancelled },
            report: { member, event in logs[member].report(event) })
        for (index, summary) in summaries.enumerated() {
            if let summary { logs[index].conclude(committee.members[index], summary, isMember: true) }
            try logs[index].close()
        }
        try join(committee, to: log)
        try log.close()
        withExtendedLifetime(locks) {}
    }

    /// Puts the members together if the trainings of all have ended.
    private func join(_ committee: CommitteeTraining, to log: TrainingLog?) throws {
        func line(_ text: String) { if let log { log.line(text) } else { Terminal.print(text) } }
        line("")
        let open = try committee.whatIsLeft()
        guard open.isEmpty else {
            return line(
                "the committee is not complete yet: \(open.joined(separator: ", ")); go on with --resume, or train the others with --member"
            )
        }
        // Of members that end at the same time on several machines, one does it.
        let lock = try log == nil ? FolderLock(committee.folder.path) : nil
        guard let errors = try committee.join() else { return }
        withExtendedLifetime(lock) {}
        let set = committee.preparation.validation.count > 0 ? "validation" : "training"
        line("committee of \(committee.members.count), errors of its mean on the \(set) set:")
        for text in ErrorTable.lines(errors) { line("  " + text) }
        line("potential  \(committee.potentialPath)")
        line(next(committee.potentialPath, committee.preparation.model.configuration))
    }

    /// What people do next. Atoms move by energies only.
    private func next(_ potential: String, _ model: ModelConfiguration) -> String {
        "next       apus evaluate \(potential) DATA.xyz" + (model.predictsEnergy ? "; apus md md.yaml" : "")
    }
}
