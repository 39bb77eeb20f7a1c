import Atoms
import Foundation
import StructureFiles

/// Whether energies, forces and stresses belong together: between similar structures the energy changes by the work.
///
/// The slope of energies on work is 1 where all three are right; a wrong sign or unit shows as another slope, labels of
/// something else as none. All structures are judged together, then those of each file, of each `config_type`, and
/// those that differ from the others. A verdict says how many structures it has seen. They are those of
/// `ComparedStructures`.
extension DataCheck {
    func consistency() -> [Finding] {
        let isPerAtom = energiesArePerAtom
        var pairs = compared.workPairs { isPerAtom ? $0.energy! * Double($0.count) : $0.energy! }
        var findings: [Finding] = []
        if let levels = energyLevels(pairs) {
            findings.append(levels.finding)
            pairs = levels.pairs
        }
        let forces = WorkFit.forces(pairs)
        if count(of: .forces) > 0, count(of: .energy) > 0 {
            let doubts = softness(pairs, forces)
            findings +=
                verdicts(of: .forces, forces, pairs, unitIsDoubtful: !doubts.isEmpty) { WorkFit.forces($0) } + doubts
        }
        guard count(of: .stress) > 0, count(of: .energy) > 0 else { return findings }
        let stresses = WorkFit.stresses(pairs, beside: forces)
        findings += verdicts(of: .stress, stresses, pairs) { WorkFit.stresses($0, beside: forces) }
        return findings
    }

    // MARK: Verdicts

    /// What the fit to all pairs says, and those to parts of the data that it does not speak for.
    ///
    /// - Parameter unitIsDoubtful: whether the units may be wrong together: the slope knows their ratio only.
    private func verdicts(
        of label: Property, _ whole: WorkFit?, _ pairs: [WorkPair], unitIsDoubtful: Bool = false,
        fit: ([WorkPair]) -> WorkFit?
    ) -> [Finding] {
        func verdict(_ fit: WorkFit?, in part: String?, labelled: Int) -> Finding {
            self.verdict(of: label, fit, in: part, labelled: labelled, unitIsDoubtful: unitIsDoubtful)
        }
        // Forces that alone have another slope than the rest are not judged with it.
        var strangers: (structures: [Int], fit: WorkFit)?
        if label == .forces, let others = deviating(pairs), let part = fit(others.pairs), part.isClear, !part.isRight
        {
            strangers = (others.structures, part)
        }
        let strange = Set(strangers?.structures ?? [])
        let rest = pairs.filter { !strange.contains($0.first) && !strange.contains($0.second) }
        let whole = strange.isEmpty ? whole : fit(rest)
        let labelledStrangers = strange.count { samples[$0].carries(label) }
        let first = verdict(
            whole, in: strange.isEmpty ? nil : "the other structures",
            labelled: count(of: label) - labelledStrangers)
        var findings = [first]
        if let strangers {
            findings.append(
                verdict(
                    strangers.fit, in: "\(strangers.structures.count) structures", labelled: labelledStrangers))
        }
        for (name, inside, isInside) in parts(of: pairs) {
            guard inside.count < pairs.count, let part = fit(inside), part.count >= WorkFit.enoughToRefuse,
                part.isClear || part.isContradiction
            else {
                continue
            }
            let finding = verdict(
                part, in: name, labelled: samples.count { isInside($0) && $0.carries(label) })
            guard finding.severity != .notice,
                finding.severity != first.severity || whole?.isClear != part.isClear
                    || whole.map({ abs(log(abs(part.slope / $0.slope))) > 0.3 || part.slope * $0.slope < 0 }) ?? true
            else { continue }
            findings.append(finding)
        }
        return findings
    }

    /// Pairs of which both are of one file or of one `config_type`, where there are several, and what tells structures
    /// of it.
    private func parts(
        of pairs: [WorkPair]
    ) -> [(name: String, pairs: [WorkPair], isInside: (Sample) -> Bool)] {
        func grouped(_ title: String, _ key: @escaping (Sample) -> Int32?) -> [(String, [WorkPair], (Sample) -> Bool)]
        {
            guard let first = samples.first, samples.contains(where: { key($0) != key(first) }) else { return [] }
            let inside = pairs.filter { key(samples[$0.first]) == key(samples[$0.second]) }
            return Dictionary(grouping: inside) { key(samples[$0.first]) }
                .compactMap { number, own in number.map { (names[$0], number, own) } }.sorted { $0.0 < $1.0 }
                .map { name, number, own in (title + name, own, { key($0) == number }) }
        }
        return grouped("the file ") { $0.file } + grouped("config_type=") { $0.configType }
    }

    /// Structures whose forces alone have another slope than 1, where they are some of several.
    private func deviating(_ pairs: [WorkPair]) -> (structures: [Int], pairs: [WorkPair])? {
        let usable = pairs.filter { $0.forceWork != nil && $0.grossForceWork > 0 && !$0.isStrained }
        var sums: [Int: (ww: Double, we: Double, ee: Double, count: Int)] = [:]
        for pair in usable {
            for structure in [pair.first, pair.second] {
                var sum = sums[structure] ?? (0, 0, 0, 0)
                sum.ww += pair.forceWork! * pair.forceWork!
                sum.we += pair.forceWork! * pair.energy
                sum.ee += pair.energy * pair.energy
                sum.count += 1
                sums[structure] = sum
            }
        }
        let tested = sums.filter { $0.value.count >= 3 }
        let others = Set(
            tested.filter { _, sum in
                sum.ww > 0 && sum.ee > 0 && abs(sum.we) > 0.9 * (sum.ww * sum.ee).squareRoot()
                    && !(0.65...1.5).contains(sum.we / sum.ww)
            }.keys)
        guard others.count >= max(3, tested.count / 20), 5 * others.count < 4 * tested.count else { return nil }
        return (others.sorted(), usable.filter { others.contains($0.first) && others.contains($0.second) })
    }

    private func verdict(
        of label: Property, _ fit: WorkFit?, in part: String?, labelled: Int, unitIsDoubtful: Bool
    ) -> Finding {
        let (check, what) = label == .stress ? ("stress", "stresses") : ("forces", "forces")
        let place = part.map { "in \($0) " } ?? ""
        guard let fit, fit.isClear || fit.isContradiction else {
            let pairs = fit.map { " (\($0.count) pairs)" } ?? ""
            return finding(
                .notice, check,
                label == .stress
                    ? "could not be tested: no strained cells similar enough to compare stresses with energy differences\(pairs)"
                    : "could not be tested: no structures similar enough to compare forces with energy differences\(pairs)"
            )
        }
        let seen = "\(fit.structures.count) of \(labelled) structures"
        guard fit.isClear else {
            return finding(
                .warning, check,
                "\(place)energy differences of \(fit.count) pairs of similar structures do not follow the work of the \(what) (correlation \(format(fit.correlation)), 1 is expected; \(seen)): labels of other structures, atoms in another order, kinetic energies, several levels of theory, or zeros?",
                at: fit.structures.sorted())
        }
        let found =
            "\(place)energy differences of \(fit.count) pairs of similar structures are \(format(fit.slope)) times the work of the \(what) (correlation \(format(fit.correlation)); \(seen))"
        if fit.isRight {
            let what =
                unitIsDoubtful ? "the sign is right, and so is the ratio of the units" : "sign and unit are right"
            return finding(.notice, check, "\(found): \(what)")
        }
        let guess = [
            fit.slope < 0 ? "the sign is the opposite" : nil, unit(of: label, fit).map { "they look like \($0)" },
        ]
        .compactMap(\.self).joined(separator: ", and ")
        let hint =
            label == .stress
            ? "stress is expected in eV/Å³, positive in tension" : "forces are expected in eV/Å, as −dE/dx"
        // A sign or a known unit is no accident.
        let isSure = !guess.isEmpty && abs(fit.correlation) > 0.9
        return finding(
            isSure ? .error : .warning, check, "\(found)\(guess.isEmpty ? "" : ": \(guess)"); \(hint)",
            at: part == nil ? [] : fit.structures.sorted())
    }

    // MARK: Units

    /// Given in these, forces have this slope; energies are in eV unless it says so.
    private static let forceUnits = [
        ("Hartree/Bohr", Units.hartree / Units.bohr), ("Rydberg/Bohr", Units.hartree / 2 / Units.bohr),
        ("Hartree/Å", Units.hartree), ("Rydberg/Å", Units.hartree / 2),
        ("kcal/(mol·Å)", 1 / Units.kilocaloriePerMole), ("eV/nm", 0.1),
        ("eV/Bohr, or energies in Hartree (or Rydberg) and forces in Hartree/Bohr (Rydberg/Bohr)", 1 / Units.bohr),
        ("forces in eV/Å with positions in Bohr", Units.bohr),
    ]
    private static let stressUnits = [
        ("GPa", 1 / Units.gigapascal), ("kbar", 0.1 / Units.gigapascal),
        ("Hartree/Bohr³", Units.hartree / (Units.bohr * Units.bohr * Units.bohr)), ("Pa", 1e-9 / Units.gigapascal),
        ("Rydberg/Bohr³", Units.hartree / 2 / (Units.bohr * Units.bohr * Units.bohr)),
    ]

    /// The unit that such a slope says; finite differences reach a fifth.
    private func unit(of label: Property, _ fit: WorkFit) -> String? {
        let known = label == .stress ? Self.stressUnits : Self.forceUnits
        let distance = { (unit: (String, Double)) in abs(log(abs(fit.slope) / unit.1)) }
        return known.min { distance($0) < distance($1) }.flatMap { distance($0) < 0.2 ? $0.0 : nil }
    }

    /// eV/Å²: forces rise by less than this on displaced atoms only in crystals of noble gases and heavy alkali metals
    /// (potassium: 39 amu · (2π · 2.2 THz)² / 2 = 0.4), and where the unit of energies is far larger than eV.
    private static let softest = 0.45
    private static let softElements: Set = [2, 10, 18, 19, 36, 37, 54, 55, 86, 87]

    /// The slope knows the ratio of energies and forces only; whether both are too small, how fast forces rise does.
    private func softness(_ pairs: [WorkPair], _ forces: WorkFit?) -> [Finding] {
        let rises = pairs.filter { pair in
            !composition(of: pair.first).elements.contains { Self.softElements.contains($0.atomicNumber) }
        }.compactMap(\.stiffness)
        let median = Self.median(rises)
        guard rises.count >= WorkFit.enoughToRefuse, median > 0, median < Self.softest, forces?.isClear == true else {
            return []
        }
        return [
            finding(
                .warning, "units",
                "forces rise by only \(format(median)) eV/Å for each Å that atoms are displaced, where 1 to 30 is usual: are energies in Hartree or Rydberg, and forces with them? eV and eV/Å are expected"
            )
        ]
    }
}
