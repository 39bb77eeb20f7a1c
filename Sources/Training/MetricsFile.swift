import Foundation

/// metrics.csv: one line for every epoch, flushed as it is written.
struct MetricsFile {
    private let path: String
    private static let header =
        "epoch,seconds,learning_rate,training_loss,validation_loss,energy_mae_mev_per_atom,energy_rmse_mev_per_atom,"
        + "energy_rmse_mev,forces_mae_mev_per_angstrom,forces_rmse_mev_per_angstrom,"
        + "forces_max_error_mev_per_angstrom,stress_mae_gpa,stress_rmse_gpa\n"

    /// Starts a file, or continues one after dropping what follows epoch `epochs`.
    init(path: String, keepingEpochs epochs: Int?) throws {
        self.path = path
        var kept = Self.header
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

    mutating func append(_ report: TrainingRun.EpochReport) throws {
        func text(_ value: Double?) -> String { value.map { $0.isFinite ? String(format: "%.6g", $0) : "" } ?? "" }
        let numbers =
            [report.learningRate, report.trainingLoss, report.validationLoss] + report.errors.named.map(\.value)
        let line =
            "\(report.epoch),\(String(format: "%.1f", report.seconds)),"
            + numbers.map(text).joined(separator: ",") + "\n"
        guard let handle = FileHandle(forWritingAtPath: path) else {
            throw TrainingError("\(path): cannot be written")
        }
        defer { try? handle.close() }
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(line.utf8))
    }
}
