import Files
import Foundation
import Models
import Potentials

/// A checkpoint file: a `TrainerState` in safetensors, with what it belongs to and a checksum over all of it
/// (`Safetensors.seal`).
struct Checkpoint {
    var state: TrainerState
    /// A checkpoint of another model, other data or another split cannot be resumed.
    var model: ModelConfiguration
    var dataDigest: String
    var splitDigest: String
    /// The configuration as YAML.
    var configuration: String

    private static let format = "apus-checkpoint"
    private static let version = "4"
    /// The same with another checksum.
    private static let versionWithSHA256 = "3"

    /// What the state holds beside arrays.
    private struct Header: Codable {
        var epoch: Int
        var steps: Int
        var rateSquares: Double
        var averageUpdates: Int
        var schedule: LearningRateSchedule.State
        var keptScore: Double
        var keptEpoch: Int
        var progressLoss: Double
        var progressEpoch: Int
        var seconds: Double

        /// Whether all numbers may stand in a checkpoint; scores are infinite before the first epoch has one.
        var makesSense: Bool {
            [epoch, steps, averageUpdates, schedule.badEpochs, schedule.cooldown, schedule.halvings, keptEpoch]
                .allSatisfy { $0 >= 0 } && progressEpoch >= 0 && (0...epoch).contains(schedule.firstEpoch)
                && [rateSquares, seconds, schedule.learningRate].allSatisfy { $0.isFinite && $0 >= 0 }
                && ![keptScore, progressLoss, schedule.best].contains { $0.isNaN }
        }
    }

    func write(to path: String) throws {
        var file = Safetensors()
        file.metadata = [
            "format": Self.format, "format_version": Self.version, "data": dataDigest, "split": splitDigest,
            "configuration": configuration, "program": ProgramVersion.description, "model": try Self.encode(model),
            "state": try Self.encode(
                Header(
                    epoch: state.epoch, steps: state.steps, rateSquares: state.rateSquares,
                    averageUpdates: state.averageUpdates, schedule: state.schedule, keptScore: state.keptScore,
                    keptEpoch: state.keptEpoch, progressLoss: state.progressLoss, progressEpoch: state.progressEpoch,
                    seconds: state.seconds)),
        ]
        for (name, values) in [
            ("weights", state.weights), ("first_moment", state.first), ("second_moment", state.second),
            ("largest_moment", state.largest), ("average", state.average),
        ] {
            file.set(name, values, shape: [values.count])
        }
        file.seal()
        try file.write(to: path)
    }

    private static let infinities: (String, String, String) = ("inf", "-inf", "nan")

    private static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: infinities.0, negativeInfinity: infinities.1, nan: infinities.2)
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private static func decode<Value: Decodable>(_ text: String?, as type: Value.Type) -> Value? {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: infinities.0, negativeInfinity: infinities.1, nan: infinities.2)
        return text.flatMap { try? decoder.decode(type, from: Data($0.utf8)) }
    }

    /// Whether a file of version 3 is as it was written: it has the SHA-256 of all texts and arrays in order of their
    /// names, as hexadecimal text.
    private static func isIntactBySHA256(_ file: Safetensors) -> Bool {
        var hash = SHA256()
        for (key, text) in file.metadata.sorted(by: { $0.key < $1.key }) where key != "sha256" {
            hash.update(Data("\(key) \(text.utf8.count) \(text)".utf8))
        }
        for (name, tensor) in file.tensors.sorted(by: { $0.key < $1.key }) {
            hash.update(Data("\(name) \(tensor.bytes.count) ".utf8))
            hash.update(tensor.bytes)
        }
        return file.metadata["sha256"] == hash.hexadecimal()
    }
}

extension Checkpoint {
    /// Throws a `PotentialError` that names the file.
    init(contentsOf path: String) throws {
        let file = try Safetensors(contentsOf: path)
        guard file.metadata["format"] == Self.format else {
            throw PotentialError("\(path): is not the checkpoint of a training")
        }
        guard let version = file.metadata["format_version"], [Self.version, Self.versionWithSHA256].contains(version)
        else {
            throw PotentialError(
                "\(path): was written by \(file.metadata["program"] ?? "another version of Apus"), whose checkpoints cannot be resumed by \(ProgramVersion.description); end the training with that version, or start another from its potential by fine_tuning"
            )
        }
        guard version == Self.version ? file.isIntact == true : Self.isIntactBySHA256(file) else {
            throw PotentialError(
                "\(path): is damaged: its checksum is not the one that was written; begin anew with --overwrite, or start from the potential by fine_tuning"
            )
        }
        guard let model = Self.decode(file.metadata["model"], as: ModelConfiguration.self),
            let header = Self.decode(file.metadata["state"], as: Header.self), header.makesSense
        else { throw PotentialError("\(path): is damaged: it holds numbers that make no sense") }
        func values(_ name: String) throws -> [Double] {
            do { return try file.values(name) } catch { throw PotentialError("\(path): is damaged: \(error)") }
        }
        let weights = try values("weights")
        let moments = try ["first_moment", "second_moment", "largest_moment", "average"].map(values)
        guard moments[0].count == weights.count, moments[1].count == weights.count,
            moments.allSatisfy({ [0, weights.count].contains($0.count) })
        else { throw PotentialError("\(path): is damaged: its arrays do not fit together") }
        guard (moments + [weights]).allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
            throw PotentialError("\(path): is damaged: it holds numbers that make no sense")
        }
        self.model = model
        dataDigest = file.metadata["data"] ?? ""
        splitDigest = file.metadata["split"] ?? ""
        configuration = file.metadata["configuration"] ?? ""
        state = TrainerState(
            epoch: header.epoch, weights: weights, first: moments[0], second: moments[1], largest: moments[2],
            steps: header.steps, rateSquares: header.rateSquares, average: moments[3],
            averageUpdates: header.averageUpdates, schedule: header.schedule, keptScore: header.keptScore,
            keptEpoch: header.keptEpoch, progressLoss: header.progressLoss, progressEpoch: header.progressEpoch,
            seconds: header.seconds)
    }
}
