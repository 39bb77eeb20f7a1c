import Compute
import DataSets
import Files
import Foundation
import Logging
import Settings
import Training

/// `apus learning-curve`: errors by the number of training structures.
public struct LearningCurveJob {
    let config: String
    let sizes: [Int]
    let set: [String]
    let resume: Bool
    let overwrite: Bool
    let json: Bool
    let parallelism: Parallelism

    public init(
        config: String, sizes: [Int], set: [String], resume: Bool, overwrite: Bool, json: Bool,
        parallelism: Parallelism
    ) {
        self.config = config
        self.sizes = sizes
        self.set = set
        self.resume = resume
        self.overwrite = overwrite
        self.json = json
        self.parallelism = parallelism
    }

    struct Point: Encodable {
        var size: Int
        var epochs: Int
        var seconds: Double
        var errors: [String: Double?]
    }

    private struct Report: Encodable {
        struct Fit: Encodable {
            var exponent: Double
            var exponentError: Double?
            var prefactor: Double
        }
        var points: [Point]
        var fits: [String: Fit]
    }

    public func run() throws {
        let whole = try TrainingSettings(Settings(contentsOf: config, overrides: set))
        guard whole.committee.members == 1 else {
            throw CommandError("\(config): a learning curve is that of one potential; add --set committee.members=1")
        }
        if let most = whole.data.trainSize, let size = sizes.last, size > most {
            throw CommandError("--sizes: expected at most the \(most) structures of data.train_size, found \(size)")
        }
        let runs = try self.runs(sizes, of: whole)
        let folder = OutputFolder(whole.output)
        let inputs = runs[0].preparation.inputs + [config]
        func check() throws {
            for run in runs { try run.folder.check(against: inputs, mayExist: resume || overwrite) }
            var plan = OutputPlan(inputs: inputs)
            try plan.add(
                table(in: folder), existing: resume || overwrite ? .replace : .refuse,
                advice: "go on with --resume, replace it with --overwrite, or choose another output")
        }
        try check()
        try folder.make()
        let lock = try FolderLock(folder.path)
        try check()
        if !json {
            let introduction = TrainingIntroduction(
                runs.last!.preparation, threads: parallelism.threads, [])
            introduction.lines.forEach { Terminal.print($0) }
        }
        let logger = Logger(label: "apus.learning-curve")
        for remark in runs.last!.preparation.remarks where !json || remark.severity != .notice {
            logger.log(level: remark.severity.logLevel, "\(remark.text)")
        }
        if let warning = lock.warning { logger.warning("\(warning)") }
        if !json {
            TrainingLog.committeeHeader(of: runs.last!.model.configuration).forEach { Terminal.print($0) }
        }
        Interruption.watch()
        var points: [Point] = []
        for (size, run) in zip(sizes, runs) {
            // What was cut short is no point of the curve.
            guard let point = try train(run, size: size), !Interruption.cancellation.isCancelled else { break }
            points.append(point)
        }
        withExtendedLifetime(lock) {}
        if let first = points.first {
            try write(points, first.errors.keys.sorted(), to: table(in: folder))
        }
        if let code = Interruption.exitCode { throw CommandExit(code) }
        guard let names = points.first?.errors.keys.sorted() else { return }
        try conclude(points, names, output: whole.output)
    }

    private func table(in folder: OutputFolder) -> String { folder.path + "/learning_curve.csv" }

    /// A training for each size, all of about as many steps.
    private func runs(_ sizes: [Int], of whole: TrainingSettings) throws -> [TrainingRun] {
        func steps(_ size: Int) -> Int { (size - 1) / whole.batchSize + 1 }
        func run(_ size: Int, epochs: Int) throws -> TrainingRun {
            let settings = try Settings(contentsOf: config, overrides: set)
            try settings.set("data.train_size", to: "\(size)")
            try settings.set("output", to: "\(whole.output)/n-\(size)")
            try settings.set("training.max_epochs", to: "\(epochs)")
            let preparation = try TrainingPreparation(TrainingSettings(settings), parallelism: parallelism)
            guard preparation.validation.count > 0 else {
                throw CommandError(
                    "\(config): data.validation: a learning curve needs structures to validate with, and there are none: the errors would be those on each size's own training structures"
                )
            }
            return try TrainingRun(preparation, parallelism: parallelism)
        }
        // First the largest, so that sizes that the data do not have are refused as such.
        let largest = try run(sizes.last!, epochs: whole.maxEpochs)
        let (total, overflow) = steps(sizes.last!).multipliedReportingOverflow(by: whole.maxEpochs)
        guard !overflow, total < Int.max / 2 else {
            throw CommandError(
                "\(config): training.max_epochs: \(whole.maxEpochs) epochs of \(steps(sizes.last!)) batches are too many to be counted"
            )
        }
        return try sizes.dropLast().map { size in
            try run(size, epochs: max(1, (total + steps(size) / 2) / steps(size)))
        } + [largest]
    }

    /// Nothing where it was cut short.
    private func train(_ run: TrainingRun, size: Int) throws -> Point? {
        let resumes = resume && FileManager.default.fileExists(atPath: run.checkpointPath)
        let changes = resumes ? try run.changesSinceCheckpoint() : []
        if resumes, try run.hasEnded() {
            if !changes.isEmpty {
                Logger(label: "apus.learning-curve").warning(
                    "\(run.output) has ended under other settings and is kept as it is: \(changes.joined(separator: "; "))"
                )
            }
            return point(size, try run.summaryOfEndedRun())
        }
        try run.folder.make()
        let lock = try FolderLock(run.output)
        if !resumes { try run.folder.discard() }
        let log = try TrainingLog(
            path: run.folder.log, of: run.model.configuration, continuing: resumes, label: json ? nil : "\(size)",
            isQuiet: json)
        for change in changes { log.line("changed: \(change)") }
        let summary = try run.run(
            resuming: resumes, isInterrupted: { Interruption.cancellation.isCancelled }, report: { log.report($0) })
        log.finishTable()
        try log.close()
        withExtendedLifetime(lock) {}
        return summary.ending == .interrupted ? nil : point(size, summary)
    }

    private func point(_ size: Int, _ summary: TrainingRun.Summary) -> Point {
        Point(
            size: size, epochs: summary.epochs, seconds: summary.seconds,
            errors: Dictionary(uniqueKeysWithValues: summary.errors.all.named.map { ($0.name, $0.value) }))
    }

    private func write(_ points: [Point], _ names: [String], to path: String) throws {
        var text = (["training_structures", "epochs", "seconds"] + names).joined(separator: ",") + "\n"
        for point in points {
            let errors = names.map { name in (point.errors[name] ?? nil).map { Written.short($0, 6) } ?? "" }
            let fields = ["\(point.size)", "\(point.epochs)", Written.fixed(point.seconds, 1)] + errors
            text += fields.joined(separator: ",") + "\n"
        }
        try Files.OutputFile.write(text, to: path)
    }

    private func conclude(_ points: [Point], _ names: [String], output: String) throws {
        func law(_ name: String) -> PowerLaw? {
            PowerLaw(sizes: points.map(\.size), errors: points.map { $0.errors[name] ?? nil })
        }
        if json {
            let fits = names.compactMap { name in
                law(name).map {
                    (
                        name,
                        Report.Fit(exponent: $0.exponent, exponentError: $0.exponentError, prefactor: $0.prefactor)
                    )
                }
            }
            return try JSONOutput.print(
                Report(points: points, fits: Dictionary(uniqueKeysWithValues: fits)))
        }
        let columns = [
            ("energy_mae_mev_per_atom", "energy MAE", "meV/atom"), ("energy_rmse_mev_per_atom", "RMSE", "meV/atom"),
            ("forces_mae_mev_per_angstrom", "forces MAE", "meV/Å"), ("forces_rmse_mev_per_angstrom", "RMSE", "meV/Å"),
            ("stress_mae_gpa", "stress MAE", "GPa"),
        ].filter { column in points.contains { ($0.errors[column.0] ?? nil) != nil } }
        var rows = [["structures"] + columns.map(\.1), [""] + columns.map(\.2)]
        for point in points {
            rows.append(
                ["\(point.size)"] + columns.map { (point.errors[$0.0] ?? nil).map { Written.short($0) } ?? "-" })
        }
        rows.append(
            ["β"]
                + columns.map { column in
                    law(column.0).map { law in
                        Written.fixed(law.exponent, 2)
                            + (law.exponentError.map { " ± " + Written.fixed($0, 2) } ?? "")
                    } ?? "-"
                })
        Terminal.print()
        for line in Terminal.table(rows) { Terminal.print(line) }
        if let forces = law("forces_mae_mev_per_angstrom"), let last = points.last, forces.exponent > 0 {
            Terminal.print(
                "at \(2 * last.size) structures the force MAE would be \(Written.short(forces(2 * last.size), 3)) meV/Å, if the law holds"
            )
        }
        Terminal.print("table      \(output)/learning_curve.csv")
        Terminal.print("next       python -m apus learning-curve \(output)")
    }
}
