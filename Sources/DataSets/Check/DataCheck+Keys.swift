import Atoms
import Files

/// Labels by other names, and which of two energies is read.
extension DataCheck {
    func keys() -> [Finding] { freeEnergies() + alternatives() }

    /// eV/atom: below it no training can tell.
    private static let sameEnergy = 1e-5

    /// `energy` and `free_energy` that differ: forces are derivatives of the free energy, where electrons have an
    /// entropy.
    private func freeEnergies() -> [Finding] {
        let differences = samples.indices.compactMap { index -> (index: Int, perAtom: Double)? in
            let structure = samples[index].structure
            guard let energy = structure.energy,
                let free = structure.information["free_energy"].flatMap({ Double($0) })
            else { return nil }
            let difference = abs(energy - free) / Double(structure.count)
            return difference > Self.sameEnergy ? (index, difference) : nil
        }
        guard let worst = differences.max(by: { $0.perAtom < $1.perAtom }) else { return [] }
        return [
            finding(
                .warning, "energy",
                "energy and free_energy differ in \(Plural.count(differences.count, "structure")), by up to \(format(1000 * worst.perAtom)) meV/atom (\(samples[worst.index].place)): forces are derivatives of the free energy; to learn that, name its key (--energy-key free_energy, data.keys: {energy: free_energy})",
                at: differences.map(\.index))
        ]
    }

    /// Keys and columns that look like labels and are not read.
    private func alternatives() -> [Finding] {
        let words = ["energy", "energies", "force", "stress", "virial"]
        func isLabel(_ name: String) -> Bool {
            let name = name.lowercased()
            return words.contains { name.contains($0) } && !name.contains("deviation") && !name.contains("weight")
                && name != "free_energy" && name != "energy_sigma_to_0"
        }
        var counts: [String: Int] = [:]
        for sample in samples where sample.impossible == nil {
            for key in sample.structure.information.keys where isLabel(key) { counts[key, default: 0] += 1 }
        }
        let columns = columns.filter { isLabel($0) && !labelColumns.contains($0) }
        guard !counts.isEmpty || !columns.isEmpty else { return [] }
        let list =
            counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(8).map { "\($0.key) (\($0.value))" }
            + columns.prefix(4).map { "the column \($0)" }
        return [
            finding(
                .notice, "labels",
                "there are other names that may be labels and are not read: \(list.joined(separator: ", ")); --energy-key, --forces-key, --stress-key and data.keys choose"
            )
        ]
    }
}
