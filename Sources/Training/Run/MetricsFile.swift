import Atoms
import Foundation

/// metrics.csv and metrics_by_group.csv: errors after every epoch, flushed as they are written.
struct MetricsFile {
    private let path: String
    private let groupsPath: String
    private let elements: [Element]

    /// Starts the files, or continues them after dropping what follows epoch `epochs`.
    ///
    /// - Parameter elements: those that get a column of force errors of their own.
    init(path: String, groupsPath: String, elements: [Element], keepingEpochs epochs: Int?) throws {
        self.path = path
        self.groupsPath = groupsPath
        self.elements = elements
        let names = ErrorMeasures().named.map(\.name)
        let byElement = elements.map { "forces_rmse_mev_per_angstrom_\($0.symbol)" }
        let columns = ["epoch", "seconds", "learning_rate", "training_loss", "validation_loss"] + names + byElement
        try Self.begin(path, columns, keepingEpochs: epochs)
        try Self.begin(groupsPath, ["epoch", "group", "name", "structures", "atoms"] + names, keepingEpochs: epochs)
    }

    private static func begin(_ path: String, _ columns: [String], keepingEpochs epochs: Int?) throws {
        var kept = columns.joined(separator: ",") + "\n"
        if let epochs, let text = try? String(contentsOfFile: path, encoding: .utf8) {
            for line in text.split(separator: "\n").dropFirst() {
                if let epoch = line.split(separator: ",").first.flatMap({ Int($0) }), epoch <= epochs {
                    kept += line + "\n"
                }
            }
        }
        do {
            try Data(kept.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw TrainingError("\(path): cannot be written (\(error.localizedDescription))")
        }
    }

    func append(_ report: TrainingRun.EpochReport) throws {
        let errors = report.errors.all
        let numbers =
            [report.learningRate, report.trainingLoss, report.validationLoss] + errors.named.map(\.value)
            + elements.map(errors.forcesRMSE(of:))
        let fields = ["\(report.epoch)", String(format: "%.1f", report.seconds)] + numbers.map(Self.text)
        try Self.append(fields.joined(separator: ",") + "\n", to: path)
        var lines = ""
        for kind in GroupedErrors.Kind.allCases {
            for (name, errors) in report.errors[kind] {
                let fields =
                    ["\(report.epoch)", kind.rawValue, Self.quoted(name), "\(errors.structures)", "\(errors.atoms)"]
                    + errors.named.map { Self.text($0.value) }
                lines += fields.joined(separator: ",") + "\n"
            }
        }
        if !lines.isEmpty { try Self.append(lines, to: groupsPath) }
    }

    private static func text(_ value: Double?) -> String {
        value.map { $0.isFinite ? String(format: "%.6g", $0) : "" } ?? ""
    }

    /// A name as one field of CSV (RFC 4180), on one line.
    private static func quoted(_ name: String) -> String {
        let line = name.split(whereSeparator: \.isNewline).joined(separator: " ")
        return line.contains(where: { ",\"".contains($0) })
            ? "\"" + line.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : line
    }

    private static func append(_ text: String, to path: String) throws {
        guard let handle = FileHandle(forWritingAtPath: path) else {
            throw TrainingError("\(path): cannot be written")
        }
        defer { try? handle.close() }
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(text.utf8))
    }
}
