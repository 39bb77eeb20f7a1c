import Files
import Foundation

/// Checkpoints of one moment in one file, with what goes on between their simulations.
///
/// The line `APUS CHECKPOINTS 1`, a line of JSON with the number of bytes of each, then those one after the other; each
/// is a whole `Checkpoint` with a checksum of its own, and the lines before have one too.
public struct CheckpointSet: Sendable, Equatable {
    public var checkpoints: [Checkpoint]
    /// JSON of what goes on between them.
    public var state: String

    public init(checkpoints: [Checkpoint], state: String = "") {
        (self.checkpoints, self.state) = (checkpoints, state)
    }

    private struct Header: Codable {
        var lengths: [Int]
        var state: String
        /// SHA-256 of the state.
        var hash: String
    }

    private static let magic = Data("APUS CHECKPOINTS 1\n".utf8)
    private static let longestHeader = 1 << 22

    /// - Throws: `SystemError` or `OutputError` when it cannot be written.
    public func write(to path: String) throws {
        let parts = try checkpoints.map { try $0.encoded(for: path) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var data = Self.magic
        data.append(
            try encoder.encode(
                Header(lengths: parts.map(\.count), state: state, hash: SHA256.hexadecimal(of: Data(state.utf8)))))
        data.append(UInt8(ascii: "\n"))
        for part in parts { data.append(part) }
        try OutputFile.write(data, to: path)
    }

    /// - Throws: `SimulationError` when the file cannot be read, is damaged or is none of ours.
    public init(contentsOf path: String) throws {
        func bad(_ message: String) -> SimulationError { SimulationError(.badCheckpoint, "\(path): \(message)") }
        let data: Data
        do {
            data = try InputFile.read(path)
        } catch let error as SystemError {
            throw bad("\(error.reason) while \(error.action).")
        }
        guard data.starts(with: Self.magic) else {
            throw bad("this is no checkpoint of several replicas or beads.")
        }
        let rest = data.dropFirst(Self.magic.count)
        guard let end = rest.prefix(Self.longestHeader).firstIndex(of: UInt8(ascii: "\n")),
            let header = try? JSONDecoder().decode(Header.self, from: Data(rest[..<end])),
            header.lengths.allSatisfy({ $0 >= 0 && $0 <= data.count }), !header.lengths.isEmpty,
            SHA256.hexadecimal(of: Data(header.state.utf8)) == header.hash,
            header.lengths.reduce(0, +) == data.endIndex - end - 1
        else { throw bad("the checkpoint is damaged: its header is not that of what follows.") }
        var start = end + 1
        checkpoints = try header.lengths.map { length in
            defer { start += length }
            return try Checkpoint(encoded: Data(data[start..<start + length]), path: path)
        }
        state = header.state
    }
}

extension Replicas {
    public func checkpoint() throws -> CheckpointSet {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let state = try exchange.map { String(decoding: try encoder.encode($0.state), as: UTF8.self) } ?? ""
        return CheckpointSet(checkpoints: try simulations.map { try $0.checkpoint() }, state: state)
    }

    /// Takes back what goes on between the simulations; these are made of their checkpoints.
    ///
    /// - Throws: `SimulationError` when it is not of such an exchange.
    public func restore(_ set: CheckpointSet) throws {
        guard let exchange, !set.state.isEmpty else { return }
        guard let state = try? JSONDecoder().decode(ReplicaExchange.State.self, from: Data(set.state.utf8)),
            state.walkers.count == exchange.temperatures.count,
            state.attempts.count == exchange.temperatures.count - 1, state.accepted.count == state.attempts.count
        else {
            throw SimulationError(
                .badCheckpoint, "The state of the exchange in the checkpoint is of other temperatures.")
        }
        restore(state)
    }
}
