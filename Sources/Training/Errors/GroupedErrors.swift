import Atoms

/// Errors on a set of structures as a whole, and of its parts: by `config_type`, and by the name of the validation set.
public struct GroupedErrors: Sendable {
    /// What a group is a part by.
    public enum Kind: String, Sendable, CaseIterable {
        case configType = "config_type"
        case validationSet = "validation_set"
    }

    public private(set) var all: ErrorMeasures
    private var parts: [Kind: [String: ErrorMeasures]] = [:]

    /// - Parameter others: properties beside energy, forces and stress that are predicted.
    public init(of others: [Property] = []) { all = ErrorMeasures(of: others) }

    /// The groups of a kind in alphabetical order.
    public subscript(kind: Kind) -> [(name: String, errors: ErrorMeasures)] {
        (parts[kind] ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Takes one structure; see `ErrorMeasures.add`.
    public mutating func add(
        _ structure: Structure, set: String? = nil, energyError: Double?, forceErrors: [SIMD3<Double>]?,
        stressError: Matrix3?, others: [Property: [Double]] = [:]
    ) {
        func add(_ errors: inout ErrorMeasures) {
            errors.add(
                elements: structure.elements, energyError: energyError, forceErrors: forceErrors,
                stressError: stressError, others: others, forceWeights: structure.forceWeights)
        }
        add(&all)
        if let kind = structure.information["config_type"] {
            add(&parts[.configType, default: [:]][kind, default: ErrorMeasures(of: all.others)])
        }
        if let set { add(&parts[.validationSet, default: [:]][set, default: ErrorMeasures(of: all.others)]) }
    }

    /// Takes a prediction for a labelled structure.
    public mutating func add(_ predicted: Structure, for label: Structure, set: String? = nil) {
        add(
            label, set: set, energyError: predicted.energy.flatMap { found in label.energy.map { found - $0 } },
            forceErrors: predicted.forces.flatMap { found in
                label.forces.map { zip(found, $0).map { $0 - $1 } }
            },
            stressError: predicted.stress.flatMap { found in label.labelledStress.map { found - $0 } },
            others: predicted.properties.reduce(into: [:]) { errors, found in
                // About which origin a dipole is must be known; whoever evaluates tells the others.
                if found.key == .dipole, label.properties[.dipole] != nil {
                    guard (try? label.dipoleAboutCentroid()) != nil else { return }
                }
                errors[found.key] = label.properties[found.key].map { zip(found.value, $0).map { $0 - $1 } }
            })
    }
}
