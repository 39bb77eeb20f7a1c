import Atoms

/// What settings make of the labels of a structure, after it was read.
public struct LabelAdjustment: Sendable, Equatable {
    public var weight = 1.0
    public var configType: String?
    public var without: Set<Property> = []
    /// By `config_type`.
    public var withoutByConfigType: [String: Set<Property>] = [:]
    /// Whether forces on atoms that are fixed count nothing.
    public var masksFixedAtoms = true
    /// eV, for each atom of an element.
    public var offsets: [Element: Double] = [:]
    /// By `config_type`, on top.
    public var offsetsByConfigType: [String: [Element: Double]] = [:]

    public init() {}

    /// Whether structures stay as they are, but for atoms that are fixed.
    var isNothing: Bool {
        var plain = LabelAdjustment()
        plain.masksFixedAtoms = masksFixedAtoms
        return self == plain
    }

    public func adjusted(_ original: Structure) -> Structure {
        guard !isNothing || original.moveMask != nil else { return original }
        var structure = original
        if let configType { structure.information["config_type"] = configType }
        let kind = structure.information["config_type"]
        if weight != 1 { structure.weight = (structure.weight ?? 1) * weight }
        for label in without.union(kind.flatMap { withoutByConfigType[$0] } ?? []) {
            switch label {
            case .energy: structure.energy = nil
            case .forces: structure.forces = nil
            case .stress: structure.stress = nil
            default: structure.properties[label] = nil
            }
        }
        if masksFixedAtoms, let mask = structure.moveMask, mask.contains(where: { $0 != SIMD3(1, 1, 1) }) {
            let weights = structure.forceWeights ?? Array(repeating: SIMD3(1, 1, 1), count: structure.count)
            structure.forceWeights = zip(weights, mask).map { $0 * SIMD3<Double>($1) }
        }
        if let energy = structure.energy {
            let more = kind.flatMap { offsetsByConfigType[$0] } ?? [:]
            if !offsets.isEmpty || !more.isEmpty {
                structure.energy = structure.elements.reduce(energy) { $0 - (offsets[$1] ?? 0) - (more[$1] ?? 0) }
            }
        }
        return structure
    }
}
