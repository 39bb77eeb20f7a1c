import Atoms
import Files
import Foundation

/// What is remembered of sizes.
struct UnitFacts {
    /// Of distances to nearest neighbours, in units of the sum of covalent radii, of all atoms.
    private(set) var nearest = MedianOfMany()
    /// Sum of the squares of force components, and how many there are.
    private(set) var forces = (squares: 0.0, count: 0)

    /// eV: the stress times the volume of an atom, the work to empty it. Diamond at 400 GPa has 11, and no crystal
    /// whose neighbours are not pressed together has a third of that.
    static let (largestStressWork, suspiciousStressWork) = (20.0, 6.0)
    /// Nearest neighbours (in sums of covalent radii) below which a crystal is pressed together.
    private static let pressed = 0.8

    /// Of stresses at ordinary distances: that work, eV; the structures; those in which it is too large; the worst
    /// with its pressure, GPa.
    private(set) var works: [Double] = []
    private(set) var (stressed, tooStressed) = (Tally(), Tally())
    private(set) var (worst, pressure) = (Worst(), 0.0)

    mutating func add(_ seen: Observation) {
        for ratio in seen.nearest { nearest.add(ratio) }
        let structure = seen.structure
        let forces = structure.forces ?? []
        self.forces.squares += forces.reduce(0) { $0 + dot($1, $1) }
        self.forces.count += 3 * forces.count
        guard let stress = structure.labelledStress, let cell = structure.cell,
            DataCheck.median(seen.nearest) > Self.pressed || seen.nearest.isEmpty
        else { return }
        let largest = stress.elements.reduce(0) { max($0, abs($1)) }
        let work = largest * cell.volume / Double(structure.count)
        works.append(work)
        stressed.add(seen.index)
        if work > Self.largestStressWork { tooStressed.add(seen.index) }
        if worst.index == nil || work > worst.value { pressure = largest * Units.gigapascal }
        worst.offer(work, at: seen.index)
    }
}

/// Guesses of units from sizes that nature does not allow to be otherwise.
extension DataCheck {
    func units() -> [Finding] { lengths() + energies() + forces() + pressures() }

    /// Nearest neighbours are about a sum of covalent radii apart.
    private func lengths() -> [Finding] {
        let median = unitFacts.nearest.median
        // 1.89 Bohr are an Å, 0.1 nm too; condensed noble gases and ionic salts reach 1.6.
        let guess: String
        switch median {
        case 0: return []
        case ..<0.35: guess = "are positions in nm?"
        case 1.75...: guess = "are positions in Bohr, or is the structure a dilute gas?"
        default: return stretched()
        }
        return [
            finding(
                .warning, "units",
                "nearest neighbours are \(format(median)) times the sum of covalent radii apart (median), where 0.8 to 1.6 is usual: \(guess) Å are expected"
            )
        ]
    }

    /// Structures among others of the same composition that are larger by the Bohr's 1.89, with none in between.
    private func stretched() -> [Finding] {
        let groups = Dictionary(grouping: samples.indices.filter { samples[$0].nearest > 0 }) {
            composition(of: $0).elements
        }
        var far: [Int] = []
        for (_, group) in groups where group.count > 5 {
            // Half of a set at most may be in Bohr: the lower quartile is of the others.
            let usual = group.map { samples[$0].nearest }.sorted()[group.count / 4]
            let ratios = group.map { ($0, samples[$0].nearest / usual) }
            let large = ratios.filter { $0.1 > 1.65 && $0.1 < 2.15 }
            let between = ratios.count { $0.1 > 1.3 && $0.1 <= 1.65 }
            if large.count >= 3, 20 * large.count >= group.count, between * 20 < large.count {
                far += large.map(\.0)
            }
        }
        guard !far.isEmpty else { return [] }
        return [
            finding(
                .warning, "units",
                "nearest neighbours in \(Plural.count(far.count, "structure")) are about 1.9 times as far apart as in the others of the same elements: are their positions in Bohr?",
                at: far.sorted())
        ]
    }

    // MARK: Pressures

    private func pressures() -> [Finding] {
        let facts = unitFacts
        guard let worst = facts.worst.index else { return [] }
        let isUsual = facts.tooStressed.isEmpty
        if isUsual, Self.median(facts.works) <= UnitFacts.suspiciousStressWork { return [] }
        let some = isUsual ? facts.stressed : facts.tooStressed
        return [
            finding(
                facts.tooStressed.count * 10 > facts.works.count ? .error : .warning, "units",
                "stresses of up to \(format(facts.pressure)) GPa in \(Plural.count(some.count, "structure")) with ordinary distances (\(place(of: worst))): are they in kbar or GPa? eV/Å³ are expected, positive in tension",
                at: some)
        ]
    }

    /// Total energies of free atoms in Hartree, all electrons, Z = 1…18 (Hartree–Fock limit and above it, to a few
    /// parts in a thousand; Clementi and Roetti 1974): what all-electron codes give, in whatever unit.
    private static let allElectron = [
        0.5, 2.90, 7.47, 14.6, 24.6, 37.8, 54.5, 74.9, 99.6, 128.8, 162.1, 199.9, 242.2, 289.2, 341.1, 397.9, 459.9,
        527.3,
    ]
    private static let energyUnits = [
        ("Hartree", 1.0), ("Rydberg", 2), ("eV", 27.2114), ("kcal/mol", 627.509), ("kJ/mol", 2625.5),
    ]

    private func energies() -> [Finding] {
        // Of all electrons, by composition; nothing where an element is none of these.
        let expected = compositions.all.map { composition -> Double? in
            guard composition.elements.allSatisfy({ $0.atomicNumber <= Self.allElectron.count }) else { return nil }
            return composition.sum { Self.allElectron[$0.atomicNumber - 1] }
        }
        let ratios = samples.compactMap { sample -> Double? in
            guard let energy = sample.knownEnergy, energy < 0 else { return nil }
            return expected[Int(sample.composition)].map { -energy / $0 }
        }
        guard ratios.count > samples.count / 2, ratios.count > 0 else { return [] }
        let median = Self.median(ratios)
        guard let (name, _) = Self.energyUnits.first(where: { abs(median / $0.1 - 1) < 0.03 }) else { return [] }
        if name == "eV" {
            return [finding(.notice, "units", "energies look like those of all electrons in eV, as expected")]
        }
        return [
            finding(
                .error, "units",
                "energies look like those of all electrons in \(name): they are \(format(median)) times the atoms' energies in Hartree; convert energies to eV and forces to eV/Å"
            )
        ]
    }

    private func forces() -> [Finding] {
        let (squares, count) = unitFacts.forces
        guard count > 0, squares > 0 else { return [] }
        let rms = (squares / Double(count)).squareRoot()
        if rms > 8 {
            return [
                finding(
                    .warning, "units",
                    "force components are \(format(rms)) eV/Å (rms), more than a melt at 5000 K has: are they in kcal/(mol·Å)? eV/Å are expected"
                )
            ]
        }
        if rms < 0.003 {
            return [
                finding(
                    .warning, "units",
                    "force components are only \(format(rms)) eV/Å (rms): relaxed structures alone teach no forces")
            ]
        }
        return []
    }
}
