import Atoms
import Training

/// The errors of an evaluation, of all structures and by kind, as `apus evaluate --json` prints them.
struct EvaluationReport: Encodable {
    var errors: GroupedErrors
    /// Of a committee: how far its members disagree.
    var deviation = DeviationMeasures()

    /// - Parameter others: properties beside energy, forces and stress that are predicted.
    init(of others: [Property]) { errors = GroupedErrors(of: others) }

    var all: ErrorMeasures { errors.all }

    mutating func add(_ prediction: Structure, for structure: Structure) {
        errors.add(prediction, for: structure)
        deviation.add(prediction)
    }

    var hasLabels: Bool { all.named.contains { $0.value != nil } }

    /// Keys of the measures, which are in snake case already.
    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { nil }
    }

    /// One number for each measure, `null` where there are no labels.
    private struct Measures: Encodable {
        let errors: ErrorMeasures

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(errors.structures, forKey: Key("structures"))
            try container.encode(errors.atoms, forKey: Key("atoms"))
            for (name, value) in errors.named { try container.encode(value, forKey: Key(name)) }
        }
    }

    func encode(to encoder: any Encoder) throws {
        try Measures(errors: all).encode(to: encoder)
        var container = encoder.container(keyedBy: Key.self)
        // By property, of those that are no part of the energy surface.
        let others = all.others.map { ($0.name, all[$0]) }
        try container.encode(Dictionary(uniqueKeysWithValues: others), forKey: Key("errors"))
        let forces = all.forcesRMSEByElement.map { ($0.element.symbol, $0.error) }
        try container.encode(
            Dictionary(uniqueKeysWithValues: forces), forKey: Key("forces_rmse_mev_per_angstrom_by_element"))
        for (name, value) in deviation.named { try container.encode(value, forKey: Key(name)) }
        // Names that come from the data stay as they are: keys of a dictionary are no names of ours.
        try container.encode(
            Dictionary(uniqueKeysWithValues: errors[.configType].map { ($0.name, Measures(errors: $0.errors)) }),
            forKey: Key("by_config_type"))
    }
}
