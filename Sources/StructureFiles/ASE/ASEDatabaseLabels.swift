import Atoms

/// Labels of ASE's databases beside those of a calculator: in key-value pairs and data, by the names of the label keys.
enum ASEDatabaseLabels {
    static func add(
        pairs: [String: JSONValue], data: [String: JSONValue], named labels: LabelKeys, _ units: [String: String],
        to atoms: inout ASEAtoms
    ) throws {
        func numbers(_ name: String?, count: Int) throws -> [Double]? {
            guard let name, let value = data[name] ?? pairs[name] else { return nil }
            guard let numbers = value.flat, numbers.count == count else {
                throw FormatProblem("expected \(count) numbers of \(name), found something else")
            }
            return numbers
        }
        func factor(_ name: String, _ known: [String: Double]) throws -> Double {
            guard let unit = units[name] else { return 1 }
            guard let factor = known[unit.lowercased()] else {
                throw FormatProblem("expected a unit of \(name) that is known, found \(unit)")
            }
            return factor
        }
        // A name that people give goes before what a calculator says.
        if atoms.energy == nil && atoms.freeEnergy == nil || labels.energy != LabelKeys().energy {
            if let name = labels.energy, let energy = try numbers(name, count: 1) {
                atoms.energy = energy[0] * (try factor(name, ASEDatabaseUnits.energies))
                atoms.freeEnergy = nil
            }
        }
        if atoms.forces == nil || labels.forces != LabelKeys().forces {
            if let name = labels.forces, let forces = try numbers(name, count: 3 * atoms.numbers.count) {
                let factor = try factor(name, ASEDatabaseUnits.forces)
                atoms.forces = (0..<atoms.numbers.count).map {
                    SIMD3(forces[3 * $0], forces[3 * $0 + 1], forces[3 * $0 + 2]) * factor
                }
            }
        }
        if labels.energy == nil { (atoms.energy, atoms.freeEnergy) = (nil, nil) }
        if labels.forces == nil { atoms.forces = nil }
        if labels.stress == nil { atoms.stress = nil }
        for (key, value) in pairs {
            switch value {
            case .text(let text): atoms.information[key] = text
            case .number(let number): atoms.information[key] = Int(exactly: number).map(String.init) ?? "\(number)"
            case .truth(let truth): atoms.information[key] = truth ? "T" : "F"
            default: break
            }
        }
        let computed: [(String, Bool)] = [
            ("energy", atoms.energy != nil), ("forces", atoms.forces != nil), ("stress", atoms.stress != nil),
        ]
        atoms.keys = (computed.filter(\.1).map(\.0) + pairs.keys.sorted() + data.keys.sorted())
    }
}

/// Units of SchNetPack's metadata, in eV and Å.
enum ASEDatabaseUnits {
    static let energies: [String: Double] = [
        "ev": 1, "ha": Units.hartree, "hartree": Units.hartree, "kcal/mol": 1 / Units.kilocaloriePerMole,
        "kj/mol": 1 / (4.184 * Units.kilocaloriePerMole), "ry": Units.hartree / 2, "mev": 1e-3,
    ]
    static let forces: [String: Double] = {
        var forces: [String: Double] = [:]
        for (energy, factor) in energies {
            for length in ["ang", "angstrom", "å"] { forces["\(energy)/\(length)"] = factor }
            for length in ["bohr", "a0"] { forces["\(energy)/\(length)"] = factor / Units.bohr }
        }
        return forces
    }()

    static func units(in metadata: JSONValue) -> [String: String] {
        (metadata["_property_unit_dict"]?.table ?? [:]).compactMapValues(\.string)
    }
}
