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
    /// eV/Å; beyond the forces of any structure that is of use.
    private static let hugeForce = 100.0

    func outliers() -> [Finding] {
        var findings: [Finding] = []
        let labelled = indices { $0.structure.energy != nil && $0.edges > 0 }
        if labelled.count > 10 {
            let elements = DataStatistics.elements(of: labelled.map { samples[$0].structure })
            if let fit = try? DataStatistics.isolatedAtomEnergies(
                labelled.map { samples[$0].structure }, elements: elements)
            {
                findings += outliers(labelled, Dictionary(uniqueKeysWithValues: zip(elements, fit.energies)))
            } else {
                findings.append(
                    finding(
                        .warning, "outliers", "energies could not be compared: a fit of one for each element failed"))
            }
        }
        let huge = indices { $0.structure.forces?.contains { norm($0) > Self.hugeForce } ?? false }
        if !huge.isEmpty {
            findings.append(
                finding(
                    .warning, "outliers",
                    "forces above \(Self.hugeForce) eV/Å: such structures teach little but overlap; consider leaving them out, or pair_potential: ZBL",
                    at: huge))
        }
        return findings
    }

    private func outliers(_ labelled: [Int], _ shift: [Element: Double]) -> [Finding] {
        let rests = labelled.map { index in
            let structure = samples[index].structure
            return (structure.energy! - structure.elements.reduce(0) { $0 + shift[$1]! }) / Double(structure.count)
        }
        let centre = Self.median(rests)
        let half = Self.median(rests.map { abs($0 - centre) })
        let spread = max(1.4826 * half, half < 1e-6 ? Self.smallestSpread : 0)
        let far = zip(labelled, rests).filter { abs($1 - centre) > Self.farOut * spread }
        guard let worst = far.max(by: { abs($0.1 - centre) < abs($1.1 - centre) }) else { return [] }
        return [
            finding(
                .warning, "outliers",
                "energies far from all others in \(Plural.count(far.count, "structure")): \(samples[worst.0].place) by \(format(worst.1 - centre)) eV/atom, where half of all lie within \(format(half)) eV/atom",
                at: far.map(\.0))
        ]
    }

    static func median(_ numbers: [Double]) -> Double {
        guard !numbers.isEmpty else { return 0 }
        let sorted = numbers.sorted()
        let half = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[half - 1] + sorted[half]) / 2 : sorted[half]
    }
}
