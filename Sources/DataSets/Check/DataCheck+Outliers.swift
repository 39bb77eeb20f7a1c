import Atoms
import Files
import Foundation

/// Labels far from all others.
extension DataCheck {
    /// In units of the median deviation times 1.48, which for a normal distribution is its standard deviation.
    private static let farOut = 12.0
    /// eV/atom: where more than half of the energies are equal (copies, one phase), the median deviation is zero;
    /// others are far out only beyond twelve times this.
    private static let smallestSpread = 0.02
    func outliers() -> [Finding] {
        var findings: [Finding] = []
        let labelled = samples.indices.filter { samples[$0].flags.isSuperset(of: [.energy, .neighbors]) }
        if labelled.count > 10 {
            let elements = self.elements(of: labelled)
            let counts = compositions.all.map { $0.numbers(of: elements) }
            let rows = labelled.lazy.map { index in
                let sample = samples[index]
                return (counts: counts[Int(sample.composition)], energy: sample.energy)
            }
            if let fit = try? DataStatistics.isolatedAtomEnergies(rows, of: elements) {
                findings += outliers(labelled, Dictionary(uniqueKeysWithValues: zip(elements, fit.energies)))
            } else {
                findings.append(
                    finding(
                        .warning, "outliers", "energies could not be compared: a fit of one for each element failed"))
            }
        }
        if !forceFacts.huge.isEmpty {
            findings.append(
                finding(
                    .warning, "outliers",
                    "forces above \(ForceFacts.hugeForce) eV/Å: such structures teach little but overlap; consider leaving them out, or pair_potential: ZBL",
                    at: forceFacts.huge))
        }
        return findings
    }

    private func outliers(_ labelled: [Int], _ shift: [Element: Double]) -> [Finding] {
        let shifts = compositions.all.map { $0.sum { shift[$0] ?? 0 } }
        let rests = labelled.map { index in
            let kind = Int(samples[index].composition)
            return (samples[index].energy - shifts[kind]) / Double(compositions.all[kind].atoms)
        }
        let centre = Self.median(rests)
        let half = Self.median(rests.map { abs($0 - centre) })
        let spread = max(1.4826 * half, half < 1e-6 ? Self.smallestSpread : 0)
        let far = zip(labelled, rests).filter { abs($1 - centre) > Self.farOut * spread }
        guard let worst = far.max(by: { abs($0.1 - centre) < abs($1.1 - centre) }) else { return [] }
        return [
            finding(
                .warning, "outliers",
                "energies far from all others in \(Plural.count(far.count, "structure")): \(place(of: worst.0)) by \(format(worst.1 - centre)) eV/atom, where half of all lie within \(format(half)) eV/atom",
                at: far.map(\.0))
        ]
    }

    /// Those that occur in some structures, by atomic number.
    func elements(of structures: [Int]) -> [Element] {
        let kinds = Set(structures.map { samples[$0].composition })
        return Set(kinds.flatMap { compositions[$0].elements }).sorted()
    }
}
