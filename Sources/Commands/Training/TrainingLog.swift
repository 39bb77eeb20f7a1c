import DataSets
import Files
import Foundation
import Logging
import Models
import Training

/// What a training prints: on the terminal, and in a file that keeps it. One thread at a time uses it, but for what
/// members of a committee pass on to that of the committee.
final class TrainingLog: @unchecked Sendable {
    private let file: AppendedFile
    /// What lines begin with on the terminal and in the log of the whole: the number of a member of a committee, the
    /// size of a point of a learning curve.
    private let label: String?
    /// The log of the committee that this is a member's of.
    private let whole: TrainingLog?
    /// Whether only the file is written.
    private let isQuiet: Bool
    private let logger = Logger(label: "apus.train")
    /// Rows of the table come at least this many seconds apart; metrics.csv has every epoch.
    private static let interval = 5.0
    /// Where nobody watches, epochs that take longer than this tell how far they are.
    private static let patience = 30.0
    private var lastRow = -Double.infinity
    /// The row of the last epoch, if it was not printed.
    private var pending: String?
    private let lock = NSLock()
    private var failure: (any Error)?

    /// The table of epochs.
    private let table: RunningTable<TrainingRun.EpochReport>

    /// - Parameter model: what is trained, whose errors the table shows.
    init(
        path: String, of model: ModelConfiguration, continuing: Bool, label: String? = nil, whole: TrainingLog? = nil,
        isQuiet: Bool = false
    ) throws {
        table = Self.table(of: model)
        self.label = label
        self.whole = whole
        self.isQuiet = isQuiet
        file = try AppendedFile(path, existing: continuing ? .keep(bytes: nil) : .replace)
        if continuing, file.size > 0 {
            for line in ["", "── resumed \(Date().ISO8601Format())", ""] { append(line) }
        }
    }

    func line(_ text: String) {
        if !isQuiet { Terminal.print(labelled(text)) }
        write(text)
    }

    private func labelled(_ text: String) -> String { label.map { text.isEmpty ? "" : "\($0) \(text)" } ?? text }

    func remark(_ remark: Remark) {
        if !isQuiet || remark.severity != .notice { logger.log(level: remark.severity.logLevel, "\(remark.text)") }
        write((remark.severity == .notice ? "" : "\(remark.severity): ") + remark.text)
    }

    /// Writes a line to the file, and to that of the whole.
    private func write(_ line: String) {
        append(line)
        whole?.append(labelled(line))
    }

    private func append(_ line: String) {
        lock.withLock {
            do { try file.append(line + "\n") } catch { failure = failure ?? error }
        }
    }

    func report(_ event: TrainingRun.Event) {
        switch event {
        case .step(let epoch, let step, let steps, let loss, let pace, let seconds, let remaining):
            let ending = remaining.map { ", \(Written.duration($0)) left" } ?? ""
            let text =
                "epoch \(epoch), batch \(step)/\(steps), loss \(Written.short(loss, 3)), \(Written.pace(pace)) structures/s, \(Written.duration(seconds))\(ending)"
            if Terminal.isInteractive {
                Terminal.status(text)
            } else if seconds - lastRow >= Self.patience {
                lastRow = seconds
                line(text)
            }
        case .epoch(let report):
            let row = table.line(report)
            guard report.epoch <= 3 || report.seconds - lastRow >= Self.interval else {
                pending = row
                Terminal.status(row)
                return
            }
            lastRow = report.seconds
            pending = nil
            line(row)
        case .rollback(let epoch, let rate):
            remark(
                .warning(
                    "the training diverged: back to epoch \(epoch), on at half the learning rate (\(String(format: "%.1e", rate)))"
                ))
        }
    }

    /// Prints the last epoch if its row was left out.
    func finishTable() {
        if let pending { line(pending) }
        pending = nil
    }

    /// What came of it.
    func conclude(_ training: TrainingRun, _ summary: TrainingRun.Summary, isMember: Bool = false) {
        finishTable()
        line("")
        let part = summary.steps > 0 ? " and \(Written.count(summary.steps, "batch", "batches"))" : ""
        line(
            "ended after \(Written.count(summary.epochs, "epoch"))\(part), \(Written.duration(summary.seconds)), \(Written.pace(summary.structuresPerSecond)) structures/s: \(summary.ending.rawValue)"
        )
        let set = training.validation.count > 0 ? "validation" : "training"
        let epoch = summary.keptIsCutShort ? "after these batches" : "epoch \(summary.keptEpoch)"
        line("kept potential (\(epoch)), errors on the \(set) set:")
        for text in !isMember ? ErrorTable.lines(summary.errors) : ErrorTable.lines(summary.errors.all) {
            line("  " + text)
        }
        line("potential  \(training.potentialPath)")
        line("metrics    \(training.metricsPath)")
    }

    /// Throws if a line could not be written.
    func close() throws {
        try file.close()
        if let failure { throw failure }
    }

    // MARK: The table of epochs, 80 columns wide where energies alone are learned

    /// What people look at first stands first: errors on the validation set, the epoch that is kept, and the time left.
    private static func table(of model: ModelConfiguration) -> RunningTable<TrainingRun.EpochReport> {
        func number(_ value: Double?, _ digits: Int) -> String {
            guard let value else { return "" }
            guard value.isFinite else { return "-" }
            let text = Written.fixed(value, digits)
            // As long as there is a gap between columns.
            return text.count < 8 ? text : Written.scientific(value)
        }
        func loss(_ value: Double) -> String { value.isFinite ? String(format: "%.2e", value) : "" }
        let ofEnergy: [RunningTable<TrainingRun.EpochReport>.Column] = [
            .init(title: "energy", unit: "meV/atom", width: 8) { number($0.errors.all.energyRMSE, 2) },
            .init(title: "forces", unit: "meV/Å", width: 7) { number($0.errors.all.forcesRMSE, 1) },
            .init(title: "stress", unit: "GPa", width: 7) { number($0.errors.all.stressRMSE, 3) },
        ]
        let others = Assembly(model).properties.map { property in
            RunningTable<TrainingRun.EpochReport>.Column(
                title: property.name, unit: property.unit, width: max(8, property.name.count)
            ) { number($0.errors.all[property]?.rmse, 4) }
        }
        return RunningTable(
            [.init(title: "", unit: "epoch", width: 5) { "\($0.epoch)" }] + (model.predictsEnergy ? ofEnergy : [])
                + others + [
                    .init(title: "best", unit: "epoch", width: 6) { ($0.isKept ? "*" : "") + "\($0.keptEpoch)" },
                    .init(title: "", unit: "time", width: 8) { Written.clock($0.seconds) },
                    .init(title: "time", unit: "left", width: 8) { $0.remaining.map(Written.clock) ?? "" },
                    .init(title: "training", unit: "loss", width: 8) { loss($0.trainingLoss) },
                    .init(title: "valid.", unit: "loss", width: 8) { loss($0.validationLoss) },
                    .init(title: "", unit: "rate", width: 5) { String(format: "%.0e", $0.learningRate) },
                ])
    }

    /// The heads of the columns.
    static func header(of model: ModelConfiguration) -> [String] { table(of: model).header }
    /// The same above rows that begin with the number of a member.
    static func committeeHeader(of model: ModelConfiguration) -> [String] { header(of: model).map { "  " + $0 } }
}

extension Severity {
    var logLevel: Logger.Level {
        switch self {
        case .error: .error
        case .warning: .warning
        case .notice: .notice
        }
    }
}
