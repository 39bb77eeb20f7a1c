import Atoms
import Files
import Foundation
import StructureFiles

/// Labels one by one: whether they are there, and whether they can be labels at all.
extension DataCheck {
    /// How many structures carry a label.
    public func count(of label: Property) -> Int { samples.count { $0.structure.carries(label) } }

    func labels() -> [Finding] { impossible() + missing() + constant() + stresses() }

    /// Numbers that no label of a structure can be; they are left out of everything else.
    private func impossible() -> [Finding] {
        let all = samples.indices.compactMap { index in samples[index].impossible.map { (index, $0) } }
        guard let (first, what) = all.first else { return [] }
        return [
            finding(
                .error, "labels",
                "labels that cannot be: \(what) (\(samples[first].place)); correct them or remove the structures",
                at: all.map(\.0))
        ]
    }

    private func missing() -> [Finding] {
        var findings: [Finding] = []
        let bare = indices { sample in
            sample.impossible == nil && Property.all.allSatisfy { !sample.structure.carries($0) }
        }
        let isBare = Set(bare)
        for label in [Property.energy, .forces] {
            let without = indices { !$0.structure.carries(label) && $0.impossible == nil }
            guard !without.isEmpty else { continue }
            // Isolated atoms have energies alone.
            if label == .forces, samples.allSatisfy(\.isIsolatedAtom) { continue }
            let hasOthers = samples.contains { !$0.structure.properties.isEmpty }
            if without.count == samples.count, !hasOthers {
                findings.append(
                    finding(
                        .error, "labels",
                        "no structure has \(label); name its key with --\(label == .energy ? "energy" : "forces")-key"
                    ))
                continue
            }
            let some = without.filter { !isBare.contains($0) }
            guard !some.isEmpty else { continue }
            findings.append(
                finding(.notice, "labels", "\(Plural.count(some.count, "structure")) without \(label)", at: some))
        }
        if !bare.isEmpty, bare.count < samples.count {
            findings.append(
                finding(
                    .warning, "labels",
                    "\(bare.count) of \(samples.count) structures carry no label at all, and nothing can be learned from them\(others(bare))",
                    at: bare))
        }
        return findings
    }

    /// Keys and columns that may be labels by another name.
    private func others(_ bare: [Int]) -> String {
        let words = ["energy", "energies", "force", "stress", "virial"]
        func isLabel(_ name: String) -> Bool {
            let name = name.lowercased()
            return words.contains { name.contains($0) } && !name.contains("deviation")
        }
        let keys = Set(bare.flatMap { samples[$0].structure.information.keys }).filter(isLabel).sorted()
        let columns = columns.filter { isLabel($0) && !labelColumns.contains($0) }
        let found =
            keys.prefix(6).map { "the key \($0)" } + columns.prefix(3).map { "the column \($0)" }
        return found.isEmpty ? "" : "; there are \(found.joined(separator: ", "))"
    }

    /// The same number everywhere is no label, unless the structures are the same.
    private func constant() -> [Finding] {
        let labelled = indices { $0.structure.energy != nil && $0.edges > 0 }
        guard labelled.count > 1, let energy = samples[labelled[0]].structure.energy,
            labelled.allSatisfy({ samples[$0].structure.energy == energy })
        else { return [] }
        let first = samples[labelled[0]].fingerprint
        guard labelled.contains(where: { samples[$0].fingerprint.distance(to: first) > 0.01 }) else { return [] }
        return [finding(.error, "energy", "all structures have the same energy, \(energy) eV: it is no label")]
    }

    private func stresses() -> [Finding] {
        var findings: [Finding] = []
        let skew = indices { sample in
            sample.structure.stress.map { s in
                let largest = s.elements.map { abs($0) }.max()!
                return largest > 0 && (s - s.transposed).elements.contains { abs($0) > 1e-3 * largest }
            } ?? false
        }
        if !skew.isEmpty {
            findings.append(
                finding(
                    .warning, "stress", "stresses that are not symmetric; only the symmetric part can be learned",
                    at: skew))
        }
        let open = indices { $0.structure.stress != nil && !($0.structure.cell?.isFullyPeriodic ?? false) }
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
