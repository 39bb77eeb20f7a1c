import Files
import Foundation
import Models
import Potentials

/// A checkpoint file: a `TrainerState` in safetensors, with what it belongs to.
struct Checkpoint {
    var state: TrainerState
    /// A checkpoint of another model, other data or another split cannot be resumed.
    var model: ModelConfiguration
    var dataDigest: String
    var splitDigest: String
    /// The configuration as YAML.
    var configuration: String

    private static let format = "apus-checkpoint"

    func write(to path: String) throws {
        var file = Safetensors()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        file.metadata = [
            "format": Self.format, "format_version": "2", "data": dataDigest, "split": splitDigest,
            "configuration": configuration, "program": ProgramVersion.description,
            "model": String(decoding: try encoder.encode(model), as: UTF8.self),
        ]
        for (name, values) in [
            ("weights", state.weights), ("first_moment", state.first), ("second_moment", state.second),
            ("largest_moment", state.largest), ("average", state.average), ("schedule", state.schedule),
            (
                "counters",
                [
                    Double(state.epoch), Double(state.steps), Double(state.averageUpdates), state.keptScore,
                    Double(state.keptEpoch), state.seconds, state.progressLoss, Double(state.progressEpoch),
                    state.rateSquares,
                ]
            ),
        ] {
            file.set(name, values, shape: [values.count])
        }
        try file.write(to: path)
    }

}

extension Checkpoint {
    /// Throws a `PotentialError` that names the file.
    init(contentsOf path: String) throws {
        let file = try Safetensors(contentsOf: path)
        guard file.metadata["format"] == Self.format, file.metadata["format_version"] == "2" else {
            throw PotentialError("\(path): is not a checkpoint of this version of Apus")
        }
        let counters = try file.values("counters")
        let schedule = try file.values("schedule")
        let weights = try file.values("weights")
        let moments = try ["first_moment", "second_moment", "largest_moment", "average"].map(file.values)
        func isCount(_ number: Double) -> Bool { number >= 0 && Int(exactly: number) != nil }
        guard counters.count == 9, schedule.count == 5, let text = file.metadata["model"],
            let model = try? JSONDecoder().decode(ModelConfiguration.self, from: Data(text.utf8)),
            moments[0].count == weights.count, moments[1].count == weights.count,
            moments.allSatisfy({ [0, weights.count].contains($0.count) })
        else { throw PotentialError("\(path): is damaged: its arrays do not fit together") }
        guard [0, 1, 2, 4, 7].allSatisfy({ isCount(counters[$0]) }), schedule[2...4].allSatisfy(isCount),
            schedule[0].isFinite, counters[5].isFinite, counters[8].isFinite, counters[8] >= 0,
            (moments + [weights]).allSatisfy({ $0.allSatisfy(\.isFinite) })
        else { throw PotentialError("\(path): is damaged: it holds numbers that make no sense") }
        self.model = model
        dataDigest = file.metadata["data"] ?? ""
        splitDigest = file.metadata["split"] ?? ""
        configuration = file.metadata["configuration"] ?? ""
        state = TrainerState(
            epoch: Int(counters[0]), weights: weights, first: moments[0], second: moments[1], largest: moments[2],
            steps: Int(counters[1]), rateSquares: counters[8], average: moments[3], averageUpdates: Int(counters[2]),
            schedule: schedule,
            keptScore: counters[3], keptEpoch: Int(counters[4]), progressLoss: counters[6],
            progressEpoch: Int(counters[7]), seconds: counters[5])
    }
}
