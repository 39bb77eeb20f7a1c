import Atoms
import Files
import Foundation

/// metrics.csv and metrics_by_group.csv: errors after every epoch, each line written as a whole.
struct MetricsFile {
    private let table: AppendedFile
    private let groups: AppendedFile
    private let elements: [Element]

    /// Starts the files, or continues them after dropping what follows epoch `epochs`.
    ///
    /// - Parameters:
    ///   - elements: those that get a column of force errors of their own.
    ///   - others: properties beside energy, forces and stress that are predicted.
    init(path: String, groupsPath: String, elements: [Element], others: [Property], keepingEpochs epochs: Int?) throws
    {
        self.elements = elements
        let names = ErrorMeasures(of: others).named.map(\.name)
        let byElement = elements.map { "forces_rmse_mev_per_angstrom_\($0.symbol)" }
        let columns = ["epoch", "seconds", "learning_rate", "training_loss", "validation_loss"] + names + byElement
        table = try Self.begin(path, columns, keepingEpochs: epochs)
        groups = try Self.begin(
            groupsPath, ["epoch", "group", "name", "structures", "atoms"] + names, keepingEpochs: epochs)
    }

    private static func begin(_ path: String, _ columns: [String], keepingEpochs epochs: Int?) throws -> AppendedFile
    {
        let header = columns.joined(separator: ",")
        var kept = header + "\n"
        if let epochs, FileManager.default.fileExists(atPath: path) {
            guard let text = String(data: try InputFile.read(path), encoding: .utf8) else {
                throw TrainingError("\(path): is no UTF-8 text, so nothing can be added to it; move it away to go on")
            }
            let lines = text.split(separator: "\n")
            guard lines.isEmpty || lines[0] == header else {
                throw TrainingError(
                    "\(path): line 1: has other columns than those to be written, as another version of Apus had; move it away to go on"
                )
            }
            for line in lines.dropFirst() {
                if let epoch = line.split(separator: ",").first.flatMap({ Int($0) }), epoch <= epochs {
                    kept += line + "\n"
                }
            }
        }
        try OutputFile.write(kept, to: path)
        return try AppendedFile(path, existing: .keep(bytes: nil))
    }

    func append(_ report: TrainingRun.EpochReport) throws {
        let errors = report.errors.all
        let numbers =
            [report.learningRate, report.trainingLoss, report.validationLoss] + errors.named.map(\.value)
            + elements.map(errors.forcesRMSE(of:))
        let fields = ["\(report.epoch)", String(format: "%.1f", report.seconds)] + numbers.map(Self.text)
        try table.append(fields.joined(separator: ",") + "\n")
        var lines = ""
        for kind in GroupedErrors.Kind.allCases {
            for (name, errors) in report.errors[kind] {
                let fields =
                    ["\(report.epoch)", kind.rawValue, Self.quoted(name), "\(errors.structures)", "\(errors.atoms)"]
                    + errors.named.map { Self.text($0.value) }
                lines += fields.joined(separator: ",") + "\n"
            }
        }
        if !lines.isEmpty { try groups.append(lines) }
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
}
