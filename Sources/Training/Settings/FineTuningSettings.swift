import DataSets
import Foundation
import Settings
import StructureFiles

/// The section `fine_tuning`: the potential that a training starts from, and what it keeps of it.
public struct FineTuningSettings: Sendable, Equatable {
    /// The potential's file.
    public var potential: String
    /// Parameters that stay as they are: the beginnings of their names, with `*` for anything.
    public var frozen: [String] = []
    public var shifts = Shifts.refit
    public var replay: Replay?
    /// Of the difference to the potential's weights, each step takes this times the learning rate back.
    public var pull = 0.0

    /// What becomes of the energy shifts.
    public enum Shifts: String, Sendable, CaseIterable {
        /// Fitted anew, so that the potential's energies lie as near to the labels as they can.
        case refit
        /// Those of the potential; only elements that it does not know get new ones.
        case keep
    }

    /// Structures of the data that the potential was trained on, so that it does not forget them.
    public struct Replay: Sendable, Equatable {
        public var train: [String]
        /// The part of every epoch's structures that are old.
        public var share: Double
        public var labels: LabelKeys
    }

    /// - Parameter labels: the keys of the new data, which those of the old data are unless something else is said.
    init(_ section: Settings, labels: LabelKeys) throws {
        potential = try section.file("potential")
        if section.optional("freeze") != nil { frozen = try section.oneOrMore("freeze").map { try $0.string() } }
        shifts = try section.choice("shifts", of: Shifts.self, default: .refit)
        pull = try section.double("pull", in: 0...1000, default: 0)
        if let replay = try section.optionalSection("replay") {
            self.replay = Replay(
                train: try replay.oneOrMore("train").map { try $0.string() },
                share: try replay.double("share", in: 0.001...0.95, default: 0.2),
                labels: try replay.optionalSection("keys").map { try DataSettings.labels($0, default: labels) }
                    ?? labels)
        }
    }
}
