import Atoms

/// Labels beside energies, forces and stresses: whether they can be learned as they are stated.
extension DataCheck {
    func properties() -> [Finding] { dipoles() + charges() }

    private func dipoles() -> [Finding] {
        var findings: [Finding] = []
        // One finding for each kind of problem, with the words of the first.
        var problems: [(Int, String)] = []
        for index in samples.indices {
            do throws(PropertyProblem) {
                _ = try samples[index].structure.dipoleAboutCentroid()
            } catch {
                problems.append((index, error.message))
            }
        }
        let repeating = problems.filter { samples[$0.0].structure.repeats }
        for group in [repeating, problems.filter { !samples[$0.0].structure.repeats }] {
            guard let (index, message) = group.first else { continue }
            findings.append(
                finding(
                    .warning, "dipole",
                    "dipoles that cannot be learned: a structure (\(samples[index].place)) \(message)",
                    at: group.map { $0.0 }))
        }
        let neutral = indices { sample in
            sample.structure.properties[.dipole] != nil && sample.structure.properties[.charges] != nil
                && !sample.structure.repeats && sample.structure.totalCharge == 0
        }
        // Charges of most kinds (Hirshfeld's aside) give a dipole of about the same direction.
        let opposite = neutral.filter { index in
            let structure = samples[index].structure
            let (dipole, charges) = (structure.properties[.dipole]!, structure.properties[.charges]!)
            let stated = SIMD3(dipole[0], dipole[1], dipole[2])
            let ofCharges = zip(charges, structure.positions).reduce(SIMD3<Double>.zero) { $0 + $1.0 * $1.1 }
            return dot(stated, ofCharges) < -0.5 * norm(stated) * norm(ofCharges) && norm(stated) > 0.05
        }
        if neutral.count >= 3, 4 * opposite.count > 3 * neutral.count {
            findings.append(
                finding(
                    .warning, "dipole",
                    "dipoles point against those of the charges (Σ q r) in \(opposite.count) of \(neutral.count) structures: one of the two probably has the sign of electrons; expected positive charges positive",
                    at: opposite))
        }
        return findings
    }

    /// e: what rounding of many printed charges leaves.
    private static let chargeTolerance = 0.05

    private func charges() -> [Finding] {
        let wrong = indices { sample in
            guard let charges = sample.structure.properties[.charges], let total = sample.structure.totalCharge else {
                return false
            }
            return abs(charges.reduce(0, +) - total) > Self.chargeTolerance
        }
        guard let first = wrong.first else { return [] }
        let structure = samples[first].structure
        return [
            finding(
                .warning, "charges",
                "charges do not add up to the charge of the structure (\(samples[first].place): \(format(structure.properties[.charges]!.reduce(0, +))) e, where \(format(structure.totalCharge ?? 0)) e is \(Structure.chargeKeys.contains { structure.information[$0] != nil } ? "stated" : "taken, because none is stated")); predicted ones always do",
                at: wrong)
        ]
    }
}
