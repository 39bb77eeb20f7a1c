import Atoms

/// Numbers that cannot be labels of any structure in any of the usual units.
enum LabelLimits {
    /// eV: uranium's electrons have −7.6e5 eV, in the smallest of the usual units (kJ/mol) −7.4e7.
    private static let energyPerAtom = 1e9
    /// eV/Å and eV/Å³: a thousand times what atoms on top of each other have.
    private static let (force, stress) = (1e6, 1e6)
    /// Of any other property: charges in e, dipoles in e·Å.
    private static let other = 1e6

    /// What is wrong with a structure's labels; `nil` where they may be right.
    static func violation(in structure: Structure) -> String? {
        if let energy = structure.energy, !(abs(energy) <= energyPerAtom * Double(structure.count)) {
            return "an energy of \(energy) eV for \(structure.count) atoms"
        }
        for (atom, vector) in (structure.forces ?? []).enumerated()
        where !(abs(vector.x) <= force && abs(vector.y) <= force && abs(vector.z) <= force) {
            return "a force of \(vector.x), \(vector.y), \(vector.z) eV/Å on atom \(atom + 1)"
        }
        if let worst = structure.stress?.elements.first(where: { !(abs($0) <= stress) }) {
            return "a stress of \(worst) eV/Å³"
        }
        for (property, values) in structure.properties.sorted(by: { $0.key < $1.key }) {
            guard let worst = values.first(where: { !(abs($0) <= other) }) else { continue }
            return "\(property) of \(worst) \(property.unit)"
        }
        return nil
    }
}
