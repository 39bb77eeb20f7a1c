import Atoms
import Files
import Foundation
import StructureFiles

/// What is remembered of labels one by one.
struct LabelFacts {
    /// How many structures carry each label.
    private(set) var counts: [Property: Int] = [:]
    /// Structures whose labels cannot be, and why those of the first cannot.
    private(set) var (impossible, reason) = (Tally(), "")
    /// Structures without any label, and their keys.
    private(set) var (bare, keysOfBare) = (Tally(), Set<String>())
    /// Structures without energy or forces whose labels may be; in all, and of those that carry another label.
    private(set) var without: [Property: (all: Int, some: Tally)] = [.energy: (0, Tally()), .forces: (0, Tally())]
    private(set) var (structures, isolatedAtoms, withOthers) = (0, 0, 0)
    private(set) var (skewStresses, openStresses) = (Tally(), Tally())

    /// Of structures with neighbours: the first energy, whether all are the same, and whether they differ otherwise.
    private(set) var energies = 0
    private(set) var (energy, energiesAreEqual, structuresDiffer) = (0.0, true, false)
    private var first: Fingerprint?

    mutating func add(_ seen: Observation, _ fingerprint: Fingerprint) {
        let structure = seen.structure
        structures += 1
        if seen.isIsolatedAtom { isolatedAtoms += 1 }
        if Property.others.contains(where: { structure.carries($0) }) { withOthers += 1 }
        let carried = Property.all.filter { structure.carries($0) }
        for label in carried { counts[label, default: 0] += 1 }
        if let why = seen.impossible {
            if impossible.isEmpty { reason = why }
            impossible.add(seen.index)
        } else {
            if carried.isEmpty {
                bare.add(seen.index)
                keysOfBare.formUnion(structure.information.keys)
            }
            for label in [Property.energy, .forces] where !carried.contains(label) {
                without[label]!.all += 1
                if !carried.isEmpty { without[label]!.some.add(seen.index) }
            }
        }
        add(stress: structure.stress, seen)
        guard let energy = structure.energy, seen.edges.count > 0 else { return }
        energies += 1
        guard let first else {
            (self.energy, first) = (energy, fingerprint)
            return
        }
        if energy != self.energy { energiesAreEqual = false }
        guard energiesAreEqual, !structuresDiffer else { return }
        structuresDiffer = fingerprint.distance(to: first) > 0.01
    }

    private mutating func add(stress: Matrix3?, _ seen: Observation) {
        guard let stress else { return }
        let largest = stress.elements.map { abs($0) }.max()!
        if largest > 0, (stress - stress.transposed).elements.contains(where: { abs($0) > 1e-3 * largest }) {
            skewStresses.add(seen.index)
        }
        if !(seen.structure.cell?.isFullyPeriodic ?? false) { openStresses.add(seen.index) }
    }
}

/// Labels one by one: whether they are there, and whether they can be labels at all.
extension DataCheck {
    /// How many structures carry a label.
    public func count(of label: Property) -> Int { labelFacts.counts[label] ?? 0 }

    func labels() -> [Finding] { impossible() + missing() + constant() + stresses() }

    /// Numbers that no label of a structure can be; they are left out of everything else.
    private func impossible() -> [Finding] {
        guard let first = labelFacts.impossible.first.first else { return [] }
        return [
            finding(
                .error, "labels",
                "labels that cannot be: \(labelFacts.reason) (\(place(of: first))); correct them or remove the structures",
                at: labelFacts.impossible)
        ]
    }

    private func missing() -> [Finding] {
        var findings: [Finding] = []
        for label in [Property.energy, .forces] {
            let without = labelFacts.without[label]!
            guard without.all > 0 else { continue }
            // Isolated atoms have energies alone.
            if label == .forces, labelFacts.isolatedAtoms == labelFacts.structures { continue }
            if without.all == labelFacts.structures, labelFacts.withOthers == 0 {
                findings.append(
                    finding(
                        .error, "labels",
                        "no structure has \(label); name its key with --\(label == .energy ? "energy" : "forces")-key"
                    ))
                continue
            }
            guard !without.some.isEmpty else { continue }
            findings.append(
                finding(
                    .notice, "labels", "\(Plural.count(without.some.count, "structure")) without \(label)",
                    at: without.some))
        }
        let bare = labelFacts.bare
        if !bare.isEmpty, bare.count < labelFacts.structures {
            findings.append(
                finding(
                    .warning, "labels",
                    "\(bare.count) of \(labelFacts.structures) structures carry no label at all, and nothing can be learned from them\(others())",
                    at: bare))
        }
        return findings
    }

    /// Keys and columns that may be labels by another name.
    private func others() -> String {
        let words = ["energy", "energies", "force", "stress", "virial"]
        func isLabel(_ name: String) -> Bool {
            let name = name.lowercased()
            return words.contains { name.contains($0) } && !name.contains("deviation")
        }
        let keys = labelFacts.keysOfBare.filter(isLabel).sorted()
        let columns = columns.filter { isLabel($0) && !labelColumns.contains($0) }
        let found =
            keys.prefix(6).map { "the key \($0)" } + columns.prefix(3).map { "the column \($0)" }
        return found.isEmpty ? "" : "; there are \(found.joined(separator: ", "))"
    }

    /// The same number everywhere is no label, unless the structures are the same.
    private func constant() -> [Finding] {
        let facts = labelFacts
        guard facts.energies > 1, facts.energiesAreEqual, facts.structuresDiffer else { return [] }
        return [finding(.error, "energy", "all structures have the same energy, \(facts.energy) eV: it is no label")]
    }

    private func stresses() -> [Finding] {
        var findings: [Finding] = []
        let (skew, open) = (labelFacts.skewStresses, labelFacts.openStresses)
        if !skew.isEmpty {
            findings.append(
                finding(
                    .warning, "stress", "stresses that are not symmetric; only the symmetric part can be learned",
                    at: skew))
        }
        if !open.isEmpty {
            findings.append(
                finding(
                    .notice, "stress",
                    "\(open.count) stresses of structures that do not repeat in all directions are not used", at: open
                ))
        }
        return findings
    }
}
