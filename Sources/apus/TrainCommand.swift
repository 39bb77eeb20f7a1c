import ArgumentParser
import Compute
import Foundation
import Settings
import Training

/// `apus train`: from DFT data to a potential.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a potential on energies, forces and stresses.",
        discussion: """
            Reads a YAML file (Documentation/training.md lists every key). The smallest one that works:

              data: {train: silicon.xyz, validation: 0.1}
              model: {r_max: 5.0, num_layers: 3, l_max: 1, num_features: 32}
              training: {max_time: 10 min}
              output: run/silicon

            Writes to the output folder, after every epoch and each file whole or not at all: potential.safetensors (that of \
            the lowest validation loss so far; training.keep chooses otherwise), checkpoint.safetensors (to go on with \
            --resume), metrics.csv and TensorBoard's events; train.log as it goes, and at the end validation.xyz with \
            predictions beside labels. `python -m apus report` makes a page with pictures of it.
            Ctrl-C ends after the present batch; what was reached is kept. `mpirun -n N apus train …` shares every batch \
            among N processes (OpenMPI).
            """)

    @Argument(help: "The YAML file with the settings.")
    var config: String

    @Option(name: .long, help: "Replace a setting, for example --set model.l_max=1. May be given several times.")
    var set: [String] = []

    @Flag(help: "Go on from the checkpoint in the output folder.")
    var resume = false

    @Flag(help: "Replace what an earlier training left in the output folder.")
    var overwrite = false

    @Option(help: "Train only this member of a committee, from 1: for members on several machines.")
    var member: Int?

    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard !(resume && overwrite) else {
            throw ValidationError("--resume goes on from what --overwrite would replace; choose one of them.")
        }
    }

    func run() throws {
        let ranks = try Ranks.join()
        let settings = try TrainingSettings(Settings(contentsOf: config, overrides: set))
        let preparation = try TrainingPreparation(settings, parallelism: threads.parallelism)
        Interruption.watch()
        if let ranks {
            guard settings.committee.members == 1 || member != nil else {
                throw CommandError(
                    "a committee's members are trained together by mpirun one at a time: name one with --member")
            }
            try train(
                TrainingRun(
                    preparation, member: settings.committee.members > 1 ? member.map { $0 - 1 } : nil,
                    parallelism: threads.parallelism, communicator: ranks), on: ranks)
            return
        }
        if settings.committee.members > 1 {
            try trainCommittee(preparation)
        } else {
            guard member == nil else {
                throw CommandError(
                    "--member: \(config) trains one potential; committee.members says how many there are")
            }
            try train(TrainingRun(preparation, parallelism: threads.parallelism))
        }
        if let code = Interruption.exitCode { throw ExitCode(code) }
    }

    /// Trains one potential together with other processes, of which the first one writes.
    private func train(_ training: TrainingRun, on ranks: MPI) throws {
        if ranks.rank == 0 {
            try train(training)
        } else {
            _ = try training.run(
                resuming: resume, isInterrupted: { Interruption.cancellation.isCancelled }, report: { _ in })
        }
        ranks.leave()
        if let code = Interruption.exitCode { throw ExitCode(code) }
    }

    /// Trains one potential: alone, or one member of a committee.
    private func train(_ training: TrainingRun) throws {
        let changes = try checkOutput(of: training)
        try training.makeOutputFolder()
        let log = try TrainingLog(path: training.output + "/train.log", continuing: resume)
        if !resume { try training.discardEarlierTraining() }
        TrainingIntroduction(training.preparation, threads: threads.parallelism.threads, changes).write(to: log)
        log.line(TrainingLog.header)
        let summary = try training.run(
            resuming: resume, isInterrupted: { Interruption.cancellation.isCancelled }, report: { log.report($0) })
        log.conclude(training, summary)
        log.line("next       apus evaluate \(training.potentialPath) DATA.xyz; apus md md.yaml")
        try log.close()
    }

    /// What has changed since the training that is resumed. Throws where one would be lost, or there is none.
    private func checkOutput(of training: TrainingRun) throws -> [String] {
        let files = FileManager.default
        if resume {
            guard files.fileExists(atPath: training.checkpointPath) else {
                throw CommandError(
                    "\(training.checkpointPath): no such checkpoint to resume; train without --resume first")
            }
            return try training.changesSinceCheckpoint()
        }
        if !overwrite { try training.refuseToReplace() }
        return []
    }

    private func trainCommittee(_ preparation: TrainingPreparation) throws {
        let committee = try CommitteeTraining(preparation, parallelism: threads.parallelism)
        if let member {
            guard committee.members.indices.contains(member - 1) else {
                throw CommandError("--member: expected 1…\(committee.members.count), found \(member)")
            }
            try train(TrainingRun(preparation, member: member - 1, parallelism: threads.parallelism))
            return try join(committee, to: nil)
        }
        var changes: Set<String> = []
        for member in committee.members {
            guard resume else {
                _ = try checkOutput(of: member)
                continue
            }
            if FileManager.default.fileExists(atPath: member.checkpointPath), try !member.hasEnded() {
                changes.formUnion(try member.changesSinceCheckpoint())
            }
        }
        try committee.members.forEach { try $0.makeOutputFolder() }
        let log = try TrainingLog(path: preparation.settings.output + "/train.log", continuing: resume)
        if !resume { try committee.members.forEach { try $0.discardEarlierTraining() } }
        TrainingIntroduction(preparation, threads: threads.parallelism.threads, changes.sorted()).write(to: log)
        log.line(TrainingLog.committeeHeader)
        let logs = try committee.members.enumerated().map { index, member in
            try TrainingLog(
                path: member.output + "/train.log", continuing: resume, label: "\(index + 1)", whole: log)
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
    }

    /// Puts the members together if all are there.
    private func join(_ committee: CommitteeTraining, to log: TrainingLog?) throws {
        func line(_ text: String) { if let log { log.line(text) } else { Terminal.print(text) } }
        line("")
        guard let errors = try committee.join() else {
            return line("the committee is not complete yet: go on with --resume, or train the others with --member")
        }
        let set = committee.preparation.validation.count > 0 ? "validation" : "training"
        line("committee of \(committee.members.count), errors of its mean on the \(set) set:")
        for text in ErrorTable.lines(errors) { line("  " + text) }
        line("potential  \(committee.potentialPath)")
        line("next       apus evaluate \(committee.potentialPath) DATA.xyz; apus md md.yaml")
    }
}
