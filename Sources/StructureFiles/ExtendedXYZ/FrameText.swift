import Atoms

/// The text of an extended XYZ frame. Numbers are printed with the fewest digits that give back the same double.
enum FrameText {
    /// Throws `FormatProblem` on a number that is not finite.
    ///
    /// `labels` are another source's energy, forces and stress of the same atoms, which go beside under names that
    /// begin with `REF_`.
    static func append(_ structure: Structure, beside labels: Structure? = nil, to text: inout [UInt8]) throws {
        for (name, vectors) in [
            ("forces", structure.forces), ("velocities", structure.velocities), ("forces", labels?.forces),
        ] {
            guard let vectors else { continue }
            precondition(
                vectors.count == structure.count,
                "expected \(structure.count) \(name), got \(vectors.count)")
        }
        for (property, values) in structure.properties {
            precondition(
                values.count == property.count(atoms: structure.count),
                "expected \(property.count(atoms: structure.count)) numbers of \(property), got \(values.count)")
        }
        precondition(structure.count > 0, "expected at least one atom: a frame without atoms cannot be read back")
        text += "\(structure.count)\n".utf8
        let (own, others) = (ofAtoms(structure), labels.map(ofAtoms) ?? [])
        let masksAxes = masksAxes(structure)
        try appendComment(structure, beside: labels, to: &text)
        for i in 0..<structure.count {
            text += structure.elements[i].symbol.utf8
            try append(structure.positions[i], "position of atom", i, to: &text)
            if let forces = structure.forces { try append(forces[i], "force on atom", i, to: &text) }
            if let velocities = structure.velocities { try append(velocities[i], "velocity of atom", i, to: &text) }
            if let masses = structure.masses { text += " \(try finite(masses[i], "mass"))".utf8 }
            if let deviation = structure.deviation {
                text += " \(try finite(deviation.forces[i], "deviation of forces"))".utf8
            }
            for (property, values) in own { try append(property, values, i, to: &text) }
            if let mask = structure.moveMask?[i] {
                for axis in 0..<(masksAxes ? 3 : 1) { text += mask[axis] != 0 ? " T".utf8 : " F".utf8 }
            }
            if let weights = structure.forceWeights {
                try append(weights[i], "weight of the force on atom", i, to: &text)
            }
            if let forces = labels?.forces { try append(forces[i], "force on atom", i, to: &text) }
            for (property, values) in others { try append(property, values, i, to: &text) }
            text.append(UInt8(ascii: "\n"))
        }
    }

    /// Whether an atom is fixed along some axes only.
    private static func masksAxes(_ structure: Structure) -> Bool {
        structure.moveMask?.contains { $0.x != $0.y || $0.y != $0.z } ?? false
    }

    private static func ofAtoms(_ structure: Structure) -> [(Property, [Double])] {
        structure.properties.filter { $0.key.scope == .atom }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private static func append(
        _ property: Property, _ values: [Double], _ atom: Int, to text: inout [UInt8]
    ) throws {
        let count = property.shape.components
        for value in values[atom * count..<(atom + 1) * count] { text += " \(try finite(value, property.name))".utf8 }
    }

    /// Keys that the format itself uses.
    private static let reserved: Set<String> = Set(
        ["lattice", "properties", "pbc", "virial", "energy_deviation"] + Property.all.map(\.name))

    private static func appendComment(
        _ structure: Structure, beside labels: Structure?, to text: inout [UInt8]
    ) throws {
        if let cell = structure.cell {
            text += "Lattice=\"\(try list(cell.vectors, "lattice vector"))\" ".utf8
        }
        text += "Properties=species:S:1:pos:R:3".utf8
        if structure.forces != nil { text += ":forces:R:3".utf8 }
        if structure.velocities != nil { text += ":velocities:R:3".utf8 }
        if structure.masses != nil { text += ":masses:R:1".utf8 }
        if structure.deviation != nil { text += ":forces_deviation:R:1".utf8 }
        for (property, _) in ofAtoms(structure) { text += ":\(property):R:\(property.shape.components)".utf8 }
        if structure.moveMask != nil { text += ":move_mask:L:\(masksAxes(structure) ? 3 : 1)".utf8 }
        if structure.forceWeights != nil { text += ":force_weights:R:3".utf8 }
        if labels?.forces != nil { text += ":REF_forces:R:3".utf8 }
        for (property, _) in labels.map(ofAtoms) ?? [] {
            text += ":REF_\(property):R:\(property.shape.components)".utf8
        }
        let periodic = (0..<3).map { structure.cell?.repeats(along: $0) == true ? "T" : "F" }
        text += " pbc=\"\(periodic.joined(separator: " "))\"".utf8
        if let energy = structure.energy {
            text += " energy=\(try finite(energy, "energy"))".utf8
        }
        if let stress = structure.stress { text += " stress=\"\(try list(stress, "stress"))\"".utf8 }
        try appendProperties(of: structure, prefix: "", to: &text)
        if let deviation = structure.deviation {
            text += " energy_deviation=\(try finite(deviation.energy, "deviation of energies"))".utf8
        }
        if let weight = structure.weight { text += " weight=\(try finite(weight, "weight"))".utf8 }
        if let energy = labels?.energy { text += " REF_energy=\(try finite(energy, "energy"))".utf8 }
        if let stress = labels?.stress { text += " REF_stress=\"\(try list(stress, "stress"))\"".utf8 }
        if let labels { try appendProperties(of: labels, prefix: "REF_", to: &text) }
        for (key, value) in structure.information.sorted(by: { $0.key < $1.key }) {
            guard !reserved.contains(key.lowercased()), structure.weight == nil || key != "weight",
                labels == nil || !key.hasPrefix("REF_")
            else { continue }
            guard !key.isEmpty else { throw FormatProblem("expected a name for \"\(value)\", found none") }
            text += " \(quoted(key))=\(quoted(value))".utf8
        }
        text.append(UInt8(ascii: "\n"))
    }

    private static func appendProperties(of structure: Structure, prefix: String, to text: inout [UInt8]) throws {
        for (property, values) in structure.properties.sorted(by: { $0.key < $1.key })
        where property.scope == .structure {
            let numbers = try values.map { try finite($0, property.name) }.joined(separator: " ")
            text += " \(prefix)\(property)=\(values.count == 1 ? numbers : "\"\(numbers)\"")".utf8
        }
    }

    /// In quotes, with `\"`, `\\` and `\n` for what would end the value or the line, unless it is one plain word.
    private static func quoted(_ value: String) -> String {
        let isPlain =
            !value.isEmpty
            && value.utf8.allSatisfy { byte in
                byte > 0x20 && byte != 0x7F && !"\"'\\{}[]=,".utf8.contains(byte)
            }
        if isPlain { return value }
        // After a bare "" ASE would take the next word for the value.
        if value.isEmpty { return "\"_JSON \\\"\\\"\"" }
        var escaped = "\""
        for character in value.unicodeScalars {
            switch character {
            case "\"", "\\": escaped += "\\\(character)"
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped + "\""
    }

    private static func append(
        _ vector: SIMD3<Double>, _ what: String, _ atom: Int, to text: inout [UInt8]
    ) throws {
        for k in 0..<3 {
            text.append(UInt8(ascii: " "))
            guard vector[k].isFinite else {
                throw FormatProblem("expected finite numbers to write, found \(what) \(atom + 1): \(vector)")
            }
            text += vector[k].description.utf8
        }
    }

    private static func list(_ matrix: Matrix3, _ what: String) throws -> String {
        try matrix.elements.map { try finite($0, what) }.joined(separator: " ")
    }

    private static func finite(_ value: Double, _ what: String) throws -> String {
        guard value.isFinite else {
            throw FormatProblem("expected finite numbers to write, found \(what) \(value)")
        }
        return value.description
    }
}
