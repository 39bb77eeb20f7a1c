import Atoms
import StructureFiles

/// What labels are called in data: the names that were given, and the usual ones for the others.
public struct LabelChoice {
    let energyKey, forcesKey, stressKey, virialKey: String?
    /// Of other properties.
    let others: [Property: String]
    /// What files that do not say it mean.
    let unstated: UnstatedFacts
    let keepsUnconverged: Bool

    /// - Parameters:
    ///   - others: `PROPERTY=NAME`, of properties beside energy, forces and stress.
    ///   - elements: of numbered types, in their order: `Si,O`.
    ///   - fileUnits: `metal`, `real` or `electron`.
    ///   - keepsUnconverged: whether steps whose electrons have not converged are structures too.
    public init(
        energyKey: String?, forcesKey: String?, stressKey: String?, virialKey: String?, others: [String] = [],
        elements: String? = nil, fileUnits: String? = nil, keepsUnconverged: Bool = false
    ) throws {
        self.keepsUnconverged = keepsUnconverged
        unstated = try UnstatedFacts(elements: elements, units: fileUnits)
        self.others = try others.reduce(into: [:]) { names, text in
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let property = Property(named: parts[0]), Property.others.contains(property)
            else {
                throw CommandError(
                    "--key: expected PROPERTY=NAME with one of \(Property.others.map(\.name).joined(separator: ", ")), found \(text)"
                )
            }
            names[property] = parts[1]
        }
        self.energyKey = energyKey
        self.forcesKey = forcesKey
        self.stressKey = stressKey
        self.virialKey = virialKey
    }

    /// The names given, and those of `keys` for the others; `none` stands for "not read".
    func keys(or keys: LabelKeys = LabelKeys()) -> LabelKeys {
        func key(_ given: String?, or usual: String?) -> String? { given == Self.notRead ? nil : given ?? usual }
        var choice = LabelKeys(
            energy: key(energyKey, or: keys.energy), forces: key(forcesKey, or: keys.forces),
            stress: key(stressKey, or: keys.stress), virial: key(virialKey, or: keys.virial),
            others: Property.others.reduce(into: [:]) { $0[$1] = key(others[$1], or: keys.others[$1]) })
        choice.unstated = UnstatedFacts(
            elements: unstated.elements.isEmpty ? keys.unstated.elements : unstated.elements,
            units: unstated.units ?? keys.unstated.units)
        choice.keepsUnconverged = keepsUnconverged
        return choice
    }

    /// As in `data.keys` of a training.
    private static let notRead = "none"

    /// Throws when a name that was given is in no frame; the message lists what there is.
    func check(_ census: LabelCensus, in file: String) throws {
        let absent =
            [energyKey, stressKey, virialKey].compactMap(\.self).first {
                $0 != Self.notRead && !census.keys.contains($0)
            } ?? forcesKey.flatMap { $0 == Self.notRead || census.columns.contains($0) ? nil : $0 }
            ?? others.sorted { $0.key < $1.key }.first { property, name in
                name != Self.notRead
                    && !(property.scope == .atom ? census.columns : census.keys).contains(name)
            }?.value
        guard let absent else { return }
        func list(_ names: [String]) -> String { names.isEmpty ? "none" : names.joined(separator: ", ") }
        throw CommandError(
            "\(file): expected '\(absent)' in at least one of \(Written.count(census.frames, "frame")), found none; keys seen: \(list(census.keys)); columns seen: \(list(census.columns))"
        )
    }
}
