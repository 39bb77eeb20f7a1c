import Atoms
import Files
import Foundation

/// What is remembered of how labels were computed, by file.
struct CalculationFacts {
    /// Files by the value of a key, of structures that say by which program they were computed; `nil` for none.
    private(set) var values: [String: [String?: Set<String>]] = [:]
    /// Files by title of a pseudopotential, by element: the first word of a title that is an element of the structure
    /// says whose it is.
    private(set) var titles: [Element: [String: Set<String>]] = [:]
    /// By file: how far k-points are apart, 2π/Å.
    private(set) var spacings: [String: (smallest: Double, largest: Double)] = [:]
    /// What was looked at last, since most structures of a file have the same.
    private var last: (file: String, titles: String, elements: [Element])?

    static let keys = ["dft_functional", "dft_dispersion", "dft_spins", "dft_cutoff_ev", "dft_code"]

    mutating func add(_ seen: Observation) {
        let information = seen.structure.information
        if information["dft_code"] != nil {
            for key in Self.keys { values[key, default: [:]][information[key], default: []].insert(seen.file) }
        }
        if let text = information["dft_pseudopotentials"] { addTitles(text, seen) }
        if let text = information["dft_kpoints"] { addSpacing(text, seen) }
    }

    private mutating func addTitles(_ text: String, _ seen: Observation) {
        if let last, last.file == seen.file, last.titles == text, last.elements == seen.structure.elements { return }
        last = (seen.file, text, seen.structure.elements)
        let present = Set(seen.structure.elements)
        for title in text.components(separatedBy: ", ") {
            let words = title.split { !$0.isLetter }.map(String.init)
            guard let element = words.lazy.compactMap({ Element($0) }).first(where: present.contains) else {
                continue
            }
            titles[element, default: [:]][title, default: []].insert(seen.file)
        }
    }

    private mutating func addSpacing(_ text: String, _ seen: Observation) {
        guard let cell = seen.structure.cell else { return }
        let grid = text.split(separator: "x").compactMap { Int($0.filter { !$0.isWhitespace }) }
        guard grid.count == 3, grid.allSatisfy({ $0 > 0 }) else { return }
        // Heights over which grids of one point reach are as good as open.
        let reach = (0..<3).filter { cell.repeats(along: $0) }.map { 1 / (cell.heights[$0] * Double(grid[$0])) }
        guard let coarsest = reach.max() else { return }
        let known = spacings[seen.file] ?? (.infinity, 0)
        spacings[seen.file] = (min(known.smallest, coarsest), max(known.largest, coarsest))
    }
}

/// What only shows between files: how their labels were computed, as headers say and readers keep as information.
extension DataCheck {
    func calculations() -> [Finding] {
        let parts: [(key: String, what: String, advice: String)] = [
            ("dft_functional", "functionals", "train on one of them, or give energy_offsets"),
            ("dft_dispersion", "dispersion corrections", "train on one of them"),
            ("dft_spins", "numbers of spin components", "energies differ where there is magnetism"),
            ("dft_cutoff_ev", "cut-offs of plane waves (eV)", "energies and stresses depend on it"),
        ]
        var findings = parts.compactMap { part in
            differing(part.key, "none stated").map { groups in
                finding(.warning, "levels", "files of several \(part.what): \(list(groups)); \(part.advice)")
            }
        }
        findings += pseudopotentials() + kPoints() + references()
        if let groups = differing("dft_code", "") {
            findings.append(finding(.notice, "levels", "files of several programs: \(list(groups))"))
        }
        return findings
    }

    /// Files by the value of something, where files that state how they were computed have several; nothing otherwise.
    private func differing(_ key: String, _ absent: String) -> [(value: String, files: [String])]? {
        var groups: [String: Set<String>] = [:]
        for (value, files) in calculationFacts.values[key] ?? [:] {
            groups[value ?? absent, default: []].formUnion(files)
        }
        // What no file states is no difference, and a cut-off is none where the basis is none of plane waves.
        if key == "dft_cutoff_ev" || key == "dft_functional" || key == "dft_spins" { groups[absent] = nil }
        guard groups.count > 1 else { return nil }
        return groups.sorted { $0.key < $1.key }.map { ($0.key, $0.value.sorted()) }
    }

    private func list(_ groups: [(value: String, files: [String])]) -> String {
        groups.prefix(6).map { value, files in
            "\(value) in \(files.prefix(4).joined(separator: ", "))"
                + (files.count > 4 ? " and \(files.count - 4) more" : "")
        }.joined(separator: "; ") + (groups.count > 6 ? "; and \(groups.count - 6) more" : "")
    }

    private func pseudopotentials() -> [Finding] {
        calculationFacts.titles.sorted { $0.key < $1.key }.filter { $0.value.count > 1 }.map { element, files in
            let groups = files.sorted { $0.key < $1.key }.map { (value: $0.key, files: $0.value.sorted()) }
            return finding(
                .warning, "levels",
                "several pseudopotentials of \(element), whose energies do not compare: \(list(groups))")
        }
    }

    /// Beyond this ratio of spacings one grid is much coarser than another.
    private static let kPointRatio = 1.6

    private func kPoints() -> [Finding] {
        let spacings = calculationFacts.spacings
        guard let finest = spacings.min(by: { ($0.value.smallest, $0.key) < ($1.value.smallest, $1.key) }),
            let coarsest = spacings.max(by: { ($0.value.largest, $1.key) < ($1.value.largest, $0.key) }),
            coarsest.value.largest > Self.kPointRatio * finest.value.smallest
        else { return [] }
        return [
            finding(
                .warning, "levels",
                "k-points are up to \(format(coarsest.value.largest / finest.value.smallest)) times as far apart in \(coarsest.key) (\(format(coarsest.value.largest)) · 2π/Å) as in \(finest.key) (\(format(finest.value.smallest)) · 2π/Å): energies of metals and stresses depend on it"
            )
        ]
    }

    /// eV/atom: medians of files that differ by more, composition taken into account, have other reference energies.
    private static let largestDistance = 8.0

    private func references() -> [Finding] {
        let labelled = samples.filter { $0.flags.isSuperset(of: [.energy, .neighbors]) }
        guard Set(labelled.map(\.file)).count > 1 else { return [] }
        // Of each composition by itself: a fit to all would lie between two levels.
        var medians: [String: [(file: String, median: Double)]] = [:]
        let kinds = Dictionary(grouping: labelled) { compositions[$0.composition].elements }
        for (kind, members) in kinds {
            guard kind.count == 1 || Set(members.map(\.composition)).count == 1 else { continue }
            for (file, own) in Dictionary(grouping: members, by: \.file) {
                let energies = own.map { $0.energy / Double(compositions[$0.composition].atoms) }
                medians[kind.map(\.symbol).joined(separator: "-"), default: []].append(
                    (names[file], Self.median(energies)))
            }
        }
        return medians.sorted { $0.key < $1.key }.compactMap { kind, files in
            guard let low = files.min(by: { ($0.median, $0.file) < ($1.median, $1.file) }),
                let high = files.max(by: { ($0.median, $0.file) < ($1.median, $1.file) }),
                high.median - low.median > Self.largestDistance
            else { return nil }
            return finding(
                .warning, "levels",
                "energies of \(kind) have other references: \(format(low.median)) eV/atom in \(low.file), \(format(high.median)) in \(high.file) (medians), and no bond is so strong; give energy_offsets, or train on one of them"
            )
        }
    }
}
