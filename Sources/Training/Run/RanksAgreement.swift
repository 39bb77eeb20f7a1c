import Compute
import Files
import Foundation
import Models
import Potentials

/// What processes that train together must have in common, compared before they begin: each reads its own files.
struct RanksAgreement {
    /// Digests by what they are of.
    let parts: [(name: String, digest: [UInt8])]

    /// - Parameter resumed: what was read from a checkpoint.
    init(_ training: TrainingRun, resumed: TrainerState?) {
        func digest(_ data: Data) -> [UInt8] {
            var hash = SHA256()
            hash.update(data)
            return hash.digest()
        }
        let types = training.model.configuration.typeNames
        // Random first weights may differ in the last places on processors that are not alike; rank 0 hands out its
        // own.
        let weights =
            resumed.map { $0.weights + $0.first + [Double($0.epoch)] }
            ?? training.preparation.start?.potential.parameters.values ?? []
        parts = [
            ("version of Apus", digest(Data(ProgramVersion.description.utf8))),
            ("settings", digest(Data(training.settings.text.utf8))),
            ("data files", digest(Data(training.dataDigest.utf8))),
            ("choice of structures", digest(Data(training.splitDigest.utf8))),
            ("model", digest(Data("\(types) \(training.model.parameterCount)".utf8))),
            (resumed == nil ? "potential to start from" : "checkpoint", digest(weights.withUnsafeBytes { Data($0) })),
        ]
    }

    /// Throws a `TrainingError` on every rank where one has others than rank 0.
    func check(over communicator: any Communicator) throws {
        // Six bytes are a whole number that a double holds.
        var numbers = parts.flatMap { part in
            stride(from: 0, to: 18, by: 6).map { part.digest[$0..<$0 + 6].reduce(0.0) { 256 * $0 + Double($1) } }
        }
        let own = numbers
        communicator.broadcast(&numbers)
        var differing = zip(own, numbers).map { $0 == $1 ? 0.0 : 1 }
        communicator.sum(&differing)
        let names = parts.indices.filter { differing[3 * $0..<3 * $0 + 3].contains { $0 > 0 } }.map { parts[$0].name }
        guard names.isEmpty else {
            throw TrainingError(
                "the processes do not have the same \(names.joined(separator: ", ")); see to it that all read the same files and are the same program"
            )
        }
    }
}
