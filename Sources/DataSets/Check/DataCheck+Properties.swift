import Atoms

/// What is remembered of labels beside energies, forces and stresses.
struct PropertyFacts {
    /// Structures with dipoles that cannot be learned, and why that of the first cannot; of structures that repeat,
    /// and of others.
    private(set) var repeating = (structures: Tally(), reason: "")
    private(set) var others = (structures: Tally(), reason: "")
    /// Neutral molecules with dipoles and charges, and those of which the two point against each other.
    private(set) var (neutral, opposite) = (0, Tally())
    /// Structures whose charges do not add up to theirs, and what is said of the first.
    private(set) var wrongCharges = (structures: Tally(), reason: "")

    /// e: what rounding of many printed charges leaves.
    private static let chargeTolerance = 0.05

    mutating func add(_ seen: Observation) {
        let structure = seen.structure
        guard !structure.properties.isEmpty else { return }
        do throws(PropertyProblem) {
            _ = try structure.dipoleAboutCentroid()
        } catch {
            func add(to group: inout (structures: Tally, reason: String)) {
                if group.structures.isEmpty { group.reason = error.message }
                group.structures.add(seen.index)
            }
            if structure.repeats { add(to: &repeating) } else { add(to: &others) }
        }
        guard let charges = structure.properties[.charges] else { return }
        if let total = structure.totalCharge, abs(charges.reduce(0, +) - total) > Self.chargeTolerance {
            if wrongCharges.structures.isEmpty {
                let isStated = Structure.chargeKeys.contains { structure.information[$0] != nil }
                wrongCharges.reason =
                    "\(DataCheck.format(charges.reduce(0, +))) e, where \(DataCheck.format(total)) e is \(isStated ? "stated" : "taken, because none is stated")"
            }
            wrongCharges.structures.add(seen.index)
        }
        guard let dipole = structure.properties[.dipole], !structure.repeats, structure.totalCharge == 0 else {
            return
        }
        neutral += 1
        // Charges of most kinds (Hirshfeld's aside) give a dipole of about the same direction.
        let stated = SIMD3(dipole[0], dipole[1], dipole[2])
        let ofCharges = zip(charges, structure.positions).reduce(SIMD3<Double>.zero) { $0 + $1.0 * $1.1 }
        if dot(stated, ofCharges) < -0.5 * norm(stated) * norm(ofCharges), norm(stated) > 0.05 {
            opposite.add(seen.index)
        }
    }
}

/// Labels beside energies, forces and stresses: whether they can be learned as they are stated.
extension DataCheck {
    func properties() -> [Finding] { dipoles() + charges() }

    private func dipoles() -> [Finding] {
        var findings: [Finding] = []
        // One finding for each kind of problem, with the words of the first.
        for (structures, reason) in [propertyFacts.repeating, propertyFacts.others] {
            guard let first = structures.first.first else { continue }
            findings.append(
                finding(
                    .warning, "dipole",
                    "dipoles that cannot be learned: a structure (\(place(of: first))) \(reason)", at: structures))
        }
        let (neutral, opposite) = (propertyFacts.neutral, propertyFacts.opposite)
        if neutral >= 3, 4 * opposite.count > 3 * neutral {
            findings.append(
                finding(
                    .warning, "dipole",
                    "dipoles point against those of the charges (Σ q r) in \(opposite.count) of \(neutral) structures: one of the two probably has the sign of electrons; expected positive charges positive",
                    at: opposite))
        }
        return findings
    }

    private func charges() -> [Finding] {
        let (structures, reason) = propertyFacts.wrongCharges
        guard let first = structures.first.first else { return [] }
        return [
            finding(
                .warning, "charges",
                "charges do not add up to the charge of the structure (\(place(of: first)): \(reason)); predicted ones always do",
                at: structures)
        ]
    }
}
