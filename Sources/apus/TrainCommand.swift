import ArgumentParser
import Compute
import Foundation
import Network
import Settings
import StructureFiles
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

            Writes to the output folder, after every epoch and each file whole or not at all: potential.safetensors (the
            best so far), checkpoint.safetensors (to go on with --resume), metrics.csv; and train.log as it goes.
            Ctrl-C ends after the present batch; what was reached is kept.
            """)

    @Argument(help: "The YAML file with the settings.")
    var config: String

    @Option(name: .long, help: "Replace a setting, for example --set model.l_max=1. May be given several times.")
    var set: [String] = []

    @Flag(help: "Go on from the checkpoint in the output folder.")
    var resume = false

    @Flag(help: "Replace what an earlier training left in the output folder.")
    var overwrite = false

    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard !(resume && overwrite) else {
            throw ValidationError("--resume goes on from what --overwrite would replace; choose one of them.")
        }
    }

    func run() throws {
        let settings = try TrainingSettings(Settings(contentsOf: config, overrides: set))
        let training = try TrainingRun(settings, parallelism: threads.parallelism)
        let files = FileManager.default
        var changes: [String] = []
        if resume {
            guard files.fileExists(atPath: training.checkpointPath) else {
                throw CommandError(
                    "\(training.checkpointPath): no such checkpoint to resume; train without --resume first")
            }
            changes = try training.changesSinceCheckpoint()
        } else if !overwrite,
            let existing = [training.checkpointPath, training.potentialPath].first(where: files.fileExists)
        {
            throw CommandError(
                "\(existing) exists: go on with --resume, replace it with --overwrite, or choose another output")
        }
        try training.makeOutputFolder()
        let log = try TrainingLog(path: settings.output + "/train.log", continuing: resume)
        if !resume { try training.discardEarlierTraining() }
        introduce(training, changes, log)
        Interruption.watch()
        let summary = try training.run(
            resuming: resume, isInterrupted: { Interruption.cancellation.isCancelled },
            report: { log.report($0) })
        conclude(training, summary, log)
        try log.close()
        if let code = Interruption.exitCode { throw ExitCode(code) }
    }

    private func introduce(_ training: TrainingRun, _ changes: [String], _ log: TrainingLog) {
        let (model, settings) = (training.model, training.settings)
        let configuration = model.configuration
        log.line(
            "\(ProgramVersion.description), \(BuildTarget.description), \(settings.precision.rawValue), \(Written.count(threads.parallelism.threads, "thread"))"
        )
        let features =
            Set(configuration.numFeatures).count == 1
            ? "\(configuration.numFeatures[0])" : configuration.numFeatures.map(String.init).joined(separator: ", ")
        let neighbors = configuration.avgNumNeighbors.map { Written.fixed($0, 1) }.joined(separator: ", ")
        for row in Terminal.table(
            [
                ["data", "\(contents(of: training.training)) to train on"],
                [
                    "",
                    training.validation.count > 0
                        ? "\(contents(of: training.validation)) to validate with" : "none to validate with",
                ],
                [
                    "model",
                    "\(configuration.typeNames.joined(separator: " ")); \(configuration.numLayers) layers, l_max \(configuration.lMax), parity \(configuration.parity), \(features) features",
                ],
                ["", "r_max \(Written.short(configuration.rMax)) Å; \(model.parameterCount) weights"],
                [
                    "statistics",
                    "\(neighbors) neighbours per atom; forces \(Written.fixed(training.statistics.forcesRMS, 3)) eV/Å (rms)",
                ],
            ], leftAligned: [0, 1])
        { log.line(row) }
        for remark in training.remarks { log.remark(remark) }
        for change in changes { log.line("changed: \(change)") }
        log.line("")
        log.line(TrainingLog.header)
    }

    /// How many structures there are, and how many carry each label.
    private func contents(of set: DataSet) -> String {
        let labels = Label.allCases.map { ($0, set.count(of: $0)) }.filter { $0.1 > 0 }.map { label, count in
            count == set.count ? "\(label)" : "\(label) on \(count)"
        }
        return
            "\(Written.count(set.count, "structure")), \(Written.count(set.atoms, "atom")) (\(labels.joined(separator: ", ")))"
    }

    private func conclude(_ training: TrainingRun, _ summary: TrainingRun.Summary, _ log: TrainingLog) {
        log.finishTable()
        log.line("")
        let part = summary.steps > 0 ? " and \(Written.count(summary.steps, "batch", "batches"))" : ""
        log.line(
            "ended after \(Written.count(summary.epochs, "epoch"))\(part), \(Written.duration(summary.seconds)): \(summary.ending.rawValue)"
        )
        let set = training.validation.count > 0 ? "validation" : "training"
        let epoch = summary.bestIsCutShort ? "after these batches" : "epoch \(summary.bestEpoch)"
        log.line("best potential (\(epoch)), errors on the \(set) set:")
        for line in ErrorTable.lines(summary.errors) { log.line("  " + line) }
        log.line("potential  \(training.potentialPath)")
        log.line("metrics    \(training.metricsPath)")
        log.line("next       apus evaluate \(training.potentialPath) DATA.xyz; apus md md.yaml")
    }
}
