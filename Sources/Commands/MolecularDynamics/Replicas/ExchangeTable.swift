import Dynamics
import Files
import Foundation

/// The table of exchanges: a row for each moment at which configurations could change places, with the walker at each
/// temperature afterwards (from 1, numbered by the temperature at which it began), and of each pair that was tried the
/// probability and whether it did.
final class ExchangeTable {
    private let file: AppendedFile
    let path: String

    private static func header(_ count: Int) -> String {
        let walkers = (1...count).map { "walker_\($0)" }
        let pairs = (1..<count).flatMap { ["probability_\($0)_\($0 + 1)", "accepted_\($0)_\($0 + 1)"] }
        return (["step", "time/ps"] + walkers + pairs).joined(separator: ",") + "\n"
    }

    /// - Parameter step: of the checkpoint that the table goes on from; nil for a new one.
    init(_ path: String, temperatures count: Int, after step: Int?, overwrite: Bool) throws {
        self.path = path
        let header = Self.header(count)
        guard let step, FileManager.default.fileExists(atPath: path) else {
            file = try AppendedFile(path, existing: overwrite || step != nil ? .replace : .refuse)
            try file.append(header)
            return
        }
        let text = String(decoding: try InputFile.read(path), as: UTF8.self)
        guard text.hasPrefix(header) else {
            throw CommandError(
                "\(path): is no table of exchanges of \(count) temperatures; choose another tempering.file")
        }
        // Exchanges of the step of the checkpoint come after it.
        var kept = header.utf8.count
        for line in text.dropFirst(header.count).split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            guard let first = line.split(separator: ",").first, let row = Int(first), row < step else { break }
            kept += line.utf8.count + 1
        }
        file = try AppendedFile(path, existing: .keep(bytes: kept))
    }

    func append(_ event: ReplicaExchange.Event) throws {
        var row = ["\(event.step)", "\(event.time * 1e-3)"] + event.walkers.map { "\($0 + 1)" }
        for lower in 0..<event.walkers.count - 1 {
            let pair = event.pairs.first { $0.lower == lower }
            row += [pair.map { "\($0.probability)" } ?? "", pair.map { $0.isAccepted ? "1" : "0" } ?? ""]
        }
        try file.append(row.joined(separator: ",") + "\n")
    }

    func synchronize() throws { try file.synchronize() }
    func close() throws { try file.close() }
}
