import Atoms
import Files
import Foundation

/// What is remembered of isolated atoms.
struct IsolatedAtomFacts {
    private(set) var (structures, withoutEnergy) = (Tally(), 0)
    /// The first energy of each element, eV.
    private(set) var energies: [Element: (energy: Double, index: Int)] = [:]
    /// Others that contradict it.
    private(set) var contradictions:
        [(element: Element, one: (energy: Double, index: Int), other: (energy: Double, index: Int))] = []

    mutating func add(_ seen: Observation) {
        guard seen.isIsolatedAtom else { return }
        structures.add(seen.index)
        guard let energy = seen.structure.energy else {
            withoutEnergy += 1
            return
        }
        let (element, own) = (seen.structure.elements[0], (energy: energy, index: seen.index))
        guard let first = energies[element] else {
            energies[element] = own
            return
        }
        if !IsolatedAtoms.agree(first.energy, energy) { contradictions.append((element, first, own)) }
    }
}

/// Energies that cannot be total energies of one level of theory.
extension DataCheck {
    // MARK: Two levels

    /// Two groups of structures whose energies differ by a constant for each atom, where structures of both are alike;
    /// with the pairs of which both are of one group.
    func energyLevels(_ pairs: [WorkPair]) -> (finding: Finding, pairs: [WorkPair])? {
        let rests = pairs.compactMap { pair -> (pair: WorkPair, rest: Double)? in
            guard let forces = pair.forceWork, let stress = pair.stressWork else { return nil }
            return (pair, pair.energy - forces - stress)
        }
        guard rests.count >= 2 * WorkFit.enoughToRefuse else { return nil }
        let sizes = rests.map { abs($0.rest) }.sorted()
        let largest = sizes[sizes.count * 9 / 10]
        let far = sizes.filter { $0 > largest / 2 }
        let step = Self.median(far)
        // 10 meV/atom and more, five times what is left within a group, the same in nearly all pairs.
        let within = sizes.count { $0 < step / 5 }
        let between = far.count { abs($0 - step) < step / 5 }
        guard step > 0.01, 10 * (within + between) >= 9 * sizes.count, 10 * min(within, between) >= sizes.count else {
            return nil
        }
        var levels: [Int: Int] = [:]
        var neighbors: [Int: [(other: Int, up: Int)]] = [:]
        for (pair, rest) in rests {
            let up = abs(rest) < step / 2 ? 0 : rest > 0 ? 1 : -1
            neighbors[pair.first, default: []].append((pair.second, up))
            neighbors[pair.second, default: []].append((pair.first, -up))
        }
        for start in neighbors.keys.sorted() where levels[start] == nil {
            levels[start] = 0
            var (queue, component) = ([start], [start])
            while let structure = queue.popLast() {
                for (other, up) in neighbors[structure]! where levels[other] == nil {
                    levels[other] = levels[structure]! + up
                    queue.append(other)
                    component.append(other)
                }
            }
            // The lower group is 0 in every component that knows both.
            let lowest = component.map { levels[$0]! }.min()!
            for structure in component { levels[structure]! -= lowest }
        }
        let upper = levels.keys.filter { levels[$0]! > 0 }.sorted()
        let lower = levels.keys.filter { levels[$0]! == 0 }.sorted()
        // One or two structures are outliers.
        guard min(lower.count, upper.count) > 2 else { return nil }
        func names(_ key: (Sample) -> String?) -> (Set<String>, Set<String>)? {
            let (a, b) = (
                Set(lower.map { key(samples[$0]) ?? "none" }), Set(upper.map { key(samples[$0]) ?? "none" })
            )
            return a.isDisjoint(with: b) ? (a, b) : nil
        }
        var who = "\(lower.count) and \(upper.count) structures"
        func list(_ names: Set<String>) -> String { names.sorted().prefix(5).joined(separator: ", ") }
        if let (a, b) = names({ $0.configType.map { self.names[$0] } }) {
            who += ", config_type \(list(a)) and \(list(b))"
        } else if let (a, b) = names({ self.names[$0.file] }) {
            who += ", of \(list(a)) and \(list(b))"
        }
        let kept = pairs.filter { pair in
            guard let forces = pair.forceWork, let stress = pair.stressWork else { return true }
            return abs(pair.energy - forces - stress) < step / 2
        }
        return (
            finding(
                .warning, "levels",
                "energies of similar structures fall into two groups, \(format(step)) eV/atom apart (\(who)): levels of theory are mixed; train on one of them",
                at: upper), kept
        )
    }

    // MARK: Energies per atom

    /// Whether energies of structures of several sizes are those of one atom: as such they scatter by less than half as
    /// much about a sum of shares of elements. For total energies the one spread is the other times the number of
    /// atoms.
    var energiesArePerAtom: Bool { energyPerAtomSpreads.map { $0.asPerAtom < 0.5 * $0.asTotal } ?? false }

    private var energyPerAtomSpreads: (asPerAtom: Double, asTotal: Double)? {
        let structures = sizedStructures
        guard structures.count > 5, Set(structures.map { composition(of: $0).atoms }).count > 1 else { return nil }
        let elements = self.elements(of: structures)
        // One atom's worth of every structure, so that each counts the same.
        let shares = compositions.all.map { kind in kind.numbers(of: elements).map { $0 / Double(kind.atoms) } }
        func spread(_ energy: @escaping (Sample) -> Double) -> Double? {
            let rows = structures.lazy.map { index in
                (shares[Int(samples[index].composition)], energy(samples[index]))
            }
            return LeastSquares(rows).map { fit in
                let rests = rows.map { row in
                    abs(row.1 - zip(row.0, fit.values).reduce(0) { $0 + $1.0 * $1.1 })
                }
                // The mean of what is not far out.
                let most = rests.sorted().prefix(max(1, rests.count * 19 / 20))
                return most.reduce(0, +) / Double(most.count)
            }
        }
        guard let asPerAtom = spread({ $0.energy }),
            let asTotal = spread({ $0.energy / Double(compositions[$0.composition].atoms) }),
            asTotal > 1e-3
        else { return nil }
        return (asPerAtom, asTotal)
    }

    /// Structures with energies and neighbours.
    private var sizedStructures: [Int] {
        samples.indices.filter { samples[$0].flags.isSuperset(of: [.energy, .neighbors]) }
    }

    func energiesPerAtom() -> [Finding] {
        guard energiesArePerAtom, let spreads = energyPerAtomSpreads else { return [] }
        let sizes = sizedStructures.map { composition(of: $0).atoms }
        return [
            finding(
                .error, "energy",
                "energies look like energies per atom: in structures of \(sizes.min()!) to \(sizes.max()!) atoms they scatter by \(format(spreads.asPerAtom)) eV, but as total energies by \(format(spreads.asTotal)) eV/atom; total energies are expected"
            )
        ]
    }

    // MARK: Isolated atoms

    /// Isolated atoms that contradict each other, or are of another level of theory than the structures.
    func isolatedAtoms() -> [Finding] {
        let facts = isolatedFacts
        guard !facts.structures.isEmpty else { return [] }
        var findings = facts.contradictions.map { contradiction in
            let (element, one, other) = (contradiction.element, contradiction.one, contradiction.other)
            return finding(
                .error, "isolated atoms",
                "an isolated atom of \(element) has \(other.energy) eV in \(place(of: other.index)), but \(one.energy) eV in \(place(of: one.index)); keep one of them",
                at: [one.index, other.index])
        }
        let sums = compositions.all.map { composition -> Double? in
            guard composition.elements.allSatisfy({ facts.energies[$0] != nil }) else { return nil }
            return composition.sum { facts.energies[$0]!.energy }
        }
        let rests = sizedStructures.compactMap { index -> Double? in
            let kind = Int(samples[index].composition)
            return sums[kind].map { (samples[index].energy - $0) / Double(compositions.all[kind].atoms) }
        }
        if let distance = DataStatistics.energyDistance(rests) {
            findings.append(
                finding(
                    .error, "isolated atoms",
                    "energies of structures lie \(format(distance)) eV/atom from those of the isolated atoms, and no bond is so strong: they are of different levels of theory, or the energies are no total energies",
                    at: facts.energies.values.map(\.index).sorted()))
        }
        findings.append(
            finding(
                .notice, "isolated atoms",
                "\(Plural.count(facts.structures.count, "isolated atom")), for the energy shifts of their elements"
                    + (facts.withoutEnergy > 0 ? "; \(facts.withoutEnergy) of them without an energy" : ""),
                at: facts.structures))
        return findings
    }
}
