import Atoms

/// Errors on a set of structures as a whole, and of its parts: by `config_type`, and by the name of the validation set.
public struct GroupedErrors: Sendable {
    /// What a group is a part by.
    public enum Kind: String, Sendable, CaseIterable {
        case configType = "config_type"
        case validationSet = "validation_set"
    }

    public private(set) var all = ErrorMeasures()
    private var parts: [Kind: [String: ErrorMeasures]] = [:]

    public init() {}

    /// The groups of a kind in alphabetical order.
    public subscript(kind: Kind) -> [(name: String, errors: ErrorMeasures)] {
        (parts[kind] ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Takes one structure; see `ErrorMeasures.add`.
    public mutating func add(
        _ structure: Structure, set: String? = nil, energyError: Double?, forceErrors: [SIMD3<Double>]?,
        stressError: Matrix3?
    ) {
        func add(_ errors: inout ErrorMeasures) {
            errors.add(
                elements: structure.elements, energyError: energyError, forceErrors: forceErrors,
                stressError: stressError)
        }
        add(&all)
        if let kind = structure.information["config_type"] {
            add(&parts[.configType, default: [:]][kind, default: ErrorMeasures()])
        }
        if let set { add(&parts[.validationSet, default: [:]][set, default: ErrorMeasures()]) }
    }

    /// Takes a prediction for a labelled structure.
    public mutating func add(_ predicted: Structure, for label: Structure, set: String? = nil) {
        add(
            label, set: set, energyError: label.energy.map { predicted.energy! - $0 },
            forceErrors: label.forces.map { zip(predicted.forces!, $0).map { $0 - $1 } },
            stressError: label.labelledStress.map { predicted.stress! - $0 })
    }
}
