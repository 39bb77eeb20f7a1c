import Atoms
import Foundation

/// Guesses of units from sizes that nature does not allow to be otherwise.
extension DataCheck {
    func units() -> [Finding] { lengths() + energies() + forces() }

    /// Nearest neighbours are about a sum of covalent radii apart.
    private func lengths() -> [Finding] {
        let median = Self.median(samples.flatMap(\.nearest))
        // 1.89 Bohr are an Å, 0.1 nm too; condensed noble gases and ionic salts reach 1.6.
        let guess: String
        switch median {
        case 0: return []
        case ..<0.35: guess = "are positions in nm?"
        case 1.75...: guess = "are positions in Bohr, or is the structure a dilute gas?"
        default: return []
        }
        return [
            finding(
                .warning, "units",
                "nearest neighbours are \(format(median)) times the sum of covalent radii apart (median), where 0.8 to 1.6 is usual: \(guess) Å are expected"
            )
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
        let ratios = samples.compactMap { sample -> Double? in
            let structure = sample.structure
            guard let energy = structure.energy, energy < 0,
                structure.elements.allSatisfy({ $0.atomicNumber <= Self.allElectron.count })
            else { return nil }
            let expected = structure.elements.reduce(0) { $0 + Self.allElectron[$1.atomicNumber - 1] }
            return -energy / expected
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
        let (squares, count) = samples.reduce((0.0, 0)) { sum, sample in
            let forces = sample.structure.forces ?? []
            return (sum.0 + forces.reduce(0) { $0 + dot($1, $1) }, sum.1 + 3 * forces.count)
        }
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
