import Models
import Potentials

/// What a person wants to know about a potential, in a line or two.
struct PotentialSummary {
    let potential: Potential

    init(_ potential: Potential) { self.potential = potential }

    var line: String {
        let c = potential.configuration
        return (potential.members.count > 1 ? "committee of \(potential.members.count), " : "")
            + "\(c.architecture.summary) for \(c.typeNames.count > 12 ? "\(c.typeNames.count) elements" : c.typeNames.joined(separator: " ")), cutoff \(Written.short(c.rMax)) Å, \(potential.precision.rawValue)"
            + (c.pairPotential.map { ", \($0.rawValue)" } ?? "")
    }

    /// What is to be known about distances before atoms move; nothing where the data had all pairs of elements.
    var unknownDistances: String? {
        let pairs = potential.pairsWithoutDistances
        guard !pairs.isEmpty else { return nil }
        if potential.provenance.origin != nil, potential.shortestDistances.isEmpty {
            return
                "the file does not say how close atoms came in the training data: the shortest distance that is allowed "
                + "is half the sum of covalent radii"
        }
        let named = pairs.count > 6 ? pairs.prefix(6).joined(separator: ", ") + " …" : pairs.joined(separator: ", ")
        return
            "the training data have no \(named) within the cutoff: the shortest distance that is allowed is assumed, "
            + "half the sum of covalent radii"
    }

    /// The errors on the validation set, as the training noted them.
    var errors: String? {
        let errors = potential.provenance.validationErrors
        let known = [
            ("energy", "energy_mae_mev_per_atom", "meV/atom"), ("forces", "forces_mae_mev_per_angstrom", "meV/Å"),
            ("stress", "stress_mae_gpa", "GPa"),
        ].compactMap { name, key, unit in errors[key].map { "\(name) \(Written.short($0, 3)) \(unit)" } }
        let others = potential.properties.compactMap { property in
            errors["\(property)_mae_\(property.unitWord)"].map {
                "\(property) \(Written.short($0, 3)) \(property.unit)"
            }
        }
        return known.isEmpty && others.isEmpty
            ? nil : "mean absolute errors in validation: " + (known + others).joined(separator: ", ")
    }
}
