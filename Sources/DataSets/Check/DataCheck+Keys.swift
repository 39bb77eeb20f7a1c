import Atoms
import Files

/// What is remembered of keys that may be labels.
struct KeyFacts {
    /// eV/atom: below it no training can tell.
    private static let sameEnergy = 1e-5

    /// Structures with `energy` and `free_energy` that differ, and by how much for each atom, eV.
    private(set) var differing = Tally()
    private(set) var largestDifference = Worst()
    /// Keys that may be labels, and how many structures have them.
    private(set) var counts: [String: Int] = [:]

    mutating func add(_ seen: Observation) {
        let structure = seen.structure
        if let energy = structure.energy, let free = structure.information["free_energy"].flatMap({ Double($0) }) {
            let difference = abs(energy - free) / Double(structure.count)
            if difference > Self.sameEnergy {
                differing.add(seen.index)
                largestDifference.offer(difference, at: seen.index)
            }
        }
        guard seen.impossible == nil else { return }
        for key in structure.information.keys where Self.isLabel(key) { counts[key, default: 0] += 1 }
    }

    private static let words = ["energy", "energies", "force", "stress", "virial"]

    /// Whether a name looks like that of a label, and not of one that is known to be none.
    static func isLabel(_ name: String) -> Bool {
        let name = name.lowercased()
        return words.contains { name.contains($0) } && !name.contains("deviation") && !name.contains("weight")
            && name != "free_energy" && name != "energy_sigma_to_0"
    }
}

/// Labels by other names, and which of two energies is read.
extension DataCheck {
    func keys() -> [Finding] { freeEnergies() + alternatives() }

    /// `energy` and `free_energy` that differ: forces are derivatives of the free energy, where electrons have an
    /// entropy.
    private func freeEnergies() -> [Finding] {
        guard let worst = keyFacts.largestDifference.index else { return [] }
        let count = Plural.count(keyFacts.differing.count, "structure")
        return [
            finding(
                .warning, "energy",
                "energy and free_energy differ in \(count), by up to \(format(1000 * keyFacts.largestDifference.value)) meV/atom (\(place(of: worst))): forces are derivatives of the free energy; to learn that, name its key (--energy-key free_energy, data.keys: {energy: free_energy})",
                at: keyFacts.differing)
        ]
    }

    /// Keys and columns that look like labels and are not read.
    private func alternatives() -> [Finding] {
        let counts = keyFacts.counts
        let columns = columns.filter { KeyFacts.isLabel($0) && !labelColumns.contains($0) }
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
