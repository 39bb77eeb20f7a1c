import ArgumentParser
import Compute
import Foundation
import Network
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

    func run() throws {
        let settings = try TrainingSettings(Settings(contentsOf: config, overrides: set))
        let training = try TrainingRun(settings, parallelism: threads.parallelism)
        let files = FileManager.default
        if resume {
            guard files.fileExists(atPath: training.checkpointPath) else {
                throw CommandError(
                    "\(training.checkpointPath): no such checkpoint to resume; train without --resume first")
            }
        } else if !overwrite,
            let existing = [training.checkpointPath, training.potentialPath].first(where: files.fileExists)
        {
            throw CommandError(
                "\(existing) exists: go on with --resume, replace it with --overwrite, or choose another output")
        }
        try files.createDirectory(atPath: settings.output, withIntermediateDirectories: true)
        let log = try TrainingLog(path: settings.output + "/train.log", continuing: resume)
        introduce(training, log)
        Interruption.watch()
        let summary = try training.run(
            resuming: resume, isInterrupted: { Interruption.cancellation.isCancelled },
            report: { log.report($0) })
        conclude(training, summary, log)
        if let code = Interruption.exitCode { throw ExitCode(code) }
    }

    private func introduce(_ training: TrainingRun, _ log: TrainingLog) {
        let (model, settings) = (training.model, training.settings)
        let configuration = model.configuration
        log.line(
            "\(ProgramVersion.description), \(BuildTarget.simdBits)-bit SIMD, \(settings.precision.rawValue), \(Written.count(threads.parallelism.threads, "thread"))"
        )
        log.line(
            "data       \(Written.count(training.trainingCount, "structure")) (\(training.trainingAtoms) atoms) to train on, \(training.validationCount) to validate with"
        )
        let features =
            Set(configuration.numFeatures).count == 1
            ? "\(configuration.numFeatures[0])" : configuration.numFeatures.map(String.init).joined(separator: ", ")
        log.line(
            "model      \(configuration.typeNames.joined(separator: " ")); \(configuration.numLayers) layers, l_max \(configuration.lMax), parity \(configuration.parity), \(features) features, r_max \(Written.short(configuration.rMax)) Å; \(model.parameterCount) weights"
        )
        log.line(
            "neighbours \(configuration.avgNumNeighbors.map { Written.fixed($0, 1) }.joined(separator: ", ")) per atom; forces \(Written.fixed(training.statistics.forcesRMS, 3)) eV/Å (rms)"
        )
        for remark in training.remarks { log.line(remark) }
        log.line("")
        log.line(EpochLine.header)
    }

    private func conclude(_ training: TrainingRun, _ summary: TrainingRun.Summary, _ log: TrainingLog) {
        log.finishTable()
        log.line("")
        log.line(
            "ended after \(Written.count(summary.epochs, "epoch")) and \(Written.duration(summary.seconds)): \(summary.ending.rawValue)"
        )
        let set = training.validationCount > 0 ? "validation" : "training"
        log.line("best potential (epoch \(summary.bestEpoch)), errors on the \(set) set:")
        for line in ErrorTable.lines(summary.errors) { log.line("  " + line) }
        log.line("potential  \(training.potentialPath)")
        log.line("metrics    \(training.metricsPath)")
        log.line("next       apus evaluate \(training.potentialPath) DATA.xyz; apus md md.yaml")
    }
}

/// What a training prints: on the terminal, and in a file that keeps it.
private final class TrainingLog {
    private let file: FileHandle
    /// Rows of the table come at least this many seconds apart; metrics.csv has every epoch.
    private static let interval = 5.0
    private var lastRow = -Double.infinity
    /// The row of the last epoch, if it was not printed.
    private var pending: String?

    init(path: String, continuing: Bool) throws {
        if !continuing || !FileManager.default.fileExists(atPath: path) {
            guard FileManager.default.createFile(atPath: path, contents: nil) else {
                throw CommandError("\(path): cannot be written")
            }
        }
        guard let file = FileHandle(forWritingAtPath: path) else { throw CommandError("\(path): cannot be written") }
        self.file = file
        try file.seekToEnd()
    }

    func line(_ text: String) {
        Terminal.print(text)
        try? file.write(contentsOf: Data((text + "\n").utf8))
    }

    func report(_ event: TrainingRun.Event) {
        switch event {
        case .step(let epoch, let step, let steps, let loss, let seconds, let remaining):
            let ending = remaining.map { ", \(Written.duration($0)) left" } ?? ""
            Terminal.status(
                "epoch \(epoch), batch \(step)/\(steps), loss \(Written.short(loss, 3)), \(Written.duration(seconds))\(ending)"
            )
        case .epoch(let report):
            let row = EpochLine.text(report)
            guard report.epoch <= 3 || report.seconds - lastRow >= Self.interval else {
                pending = row
                Terminal.status(row)
                return
            }
            lastRow = report.seconds
            pending = nil
            line(row)
        }
    }

    /// Prints the last epoch if its row was left out.
    func finishTable() {
        if let pending { line(pending) }
        pending = nil
    }
}

/// One line of the table of epochs.
private enum EpochLine {
    static let header =
        " epoch   train loss    val. loss  E meV/atom   F meV/Å   σ GPa  lr        struct/s     time      left"

    static func text(_ report: TrainingRun.EpochReport) -> String {
        func number(_ value: Double?, _ width: Int, _ digits: Int) -> String {
            let text = value.map { $0.isFinite ? Written.fixed($0, digits) : "-" } ?? "-"
            return String(repeating: " ", count: max(0, width - text.count)) + text
        }
        func pad(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        let loss = report.trainingLoss.isFinite ? String(format: "%.4e", report.trainingLoss) : "-"
        return pad("\(report.epoch)", 6) + pad(loss, 13) + pad(String(format: "%.4e", report.validationLoss), 13)
            + number(report.errors.energyRMSE, 12, 2) + number(report.errors.forcesRMSE, 10, 1)
            + number(report.errors.stressRMSE, 8, 3) + "  " + String(format: "%.2e", report.learningRate)
            + number(report.structuresPerSecond > 0 ? report.structuresPerSecond : nil, 10, 0)
            + pad(Written.duration(report.seconds), 13)
            + pad(report.remaining.map { Written.duration($0) } ?? "-", 13) + (report.isBest ? " *" : "")
    }
}
