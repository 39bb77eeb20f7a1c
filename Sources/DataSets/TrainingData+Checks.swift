import Atoms
import Compute
import StructureFiles

/// What `check-data` would say of the data, before a training begins.
extension TrainingData {
    /// Atoms beyond which only a part of the data is looked at: as many as a second or two is enough for.
    private static let largestAtomCount = 100_000
    /// Structures that follow each other are looked at together, since those are alike.
    private static let blockSize = 12

    /// Findings that the training says itself, or that its labels and cutoffs decide.
    private static let said: Set = ["labels", "neighbours", "isolated atoms"]

    /// Adds the errors and warnings of a `DataCheck` to the remarks.
    mutating func check(_ labels: LabelKeys, columns: [String], cutoff: Double, _ parallelism: Parallelism) throws {
        let all = training.map { ($0, "training") } + validation.map { ($0, "validation") }
        let chosen = Self.blocks(all)
        var check = DataCheck(cutoff: cutoff, parallelism: parallelism)
        check.columns = columns
        check.labelColumns = [labels.forces].compactMap(\.self)
        for (sample, set) in chosen {
            try check.add(sample.structure, place: sample.place, file: sample.place.fileName, set: set)
        }
        let findings = try check.findings().filter { $0.severity != .notice && !Self.said.contains($0.check) }
        let part = chosen.count < all.count ? " (\(chosen.count) of \(all.count) structures looked at)" : ""
        for finding in findings {
            let rest = finding.count > 2 ? " and \(finding.count - 2) more" : ""
            let places = finding.places.isEmpty ? "" : ": \(finding.places.prefix(2).joined(separator: "; "))\(rest)"
            remarks.append(.warning("data: \(finding.check): \(finding.message)\(places)\(part)"))
        }
    }

    /// Blocks of structures, evenly from all of the data.
    private static func blocks(_ all: [(Sample, String)]) -> [(Sample, String)] {
        let atoms = all.reduce(0) { $0 + $1.0.structure.count }
        guard atoms > largestAtomCount else { return all }
        let blocks = stride(from: 0, to: all.count, by: blockSize).map { all[$0..<min($0 + blockSize, all.count)] }
        let count = max(1, blocks.count * largestAtomCount / atoms)
        return (0..<count).flatMap { blocks[$0 * blocks.count / count] }
    }

    /// Shifts that are not of the energies' level of theory, and isolated atoms that contradict them.
    ///
    /// - Parameter shifts: the model's, eV.
    public func remarks(onShifts shifts: [Element: Double]) -> [Remark] {
        var remarks: [Remark] = []
        let structures = training.lazy.map(\.structure).filter { structure in
            structure.energy != nil && structure.elements.allSatisfy { shifts[$0] != nil }
        }
        if let distance = DataStatistics.energyDistance(of: Array(structures), from: { shifts[$0]! }) {
            let elements = DataStatistics.elements(of: structures)
            let fit = try? DataStatistics.isolatedAtomEnergies(Array(structures), elements: elements)
            let better = fit.map { fit in
                "; a fit gives "
                    + zip(elements, fit.energies).map { "\($0) \(DataCheck.format($1))" }.joined(separator: ", ")
                    + " eV"
            }
            remarks.append(
                .warning(
                    "energies lie \(DataCheck.format(distance)) eV/atom from the energy shifts\(better ?? ""): shifts (or isolated atoms) and structures are of different levels of theory"
                ))
        }
        return remarks + self.remarks(on: validationAtoms, shifts, areIsolatedAtoms: { isolatedAtoms[$0] != nil })
    }

    /// Isolated atoms among old structures that the potential's own shifts do not fit.
    public func remarks(onReplayUnder shifts: [Element: Double]) -> [Remark] {
        remarks(on: replayAtoms, shifts, areIsolatedAtoms: { _ in false })
    }

    private func remarks(
        on atoms: [Sample], _ shifts: [Element: Double], areIsolatedAtoms: (Element) -> Bool
    ) -> [Remark] {
        atoms.compactMap { sample in
            let element = sample.structure.elements[0]
            guard let energy = sample.structure.energy, let shift = shifts[element] else { return nil }
            // Shifts of isolated atoms should be the same; fitted ones hold a part of the bonds.
            let limit = areIsolatedAtoms(element) ? IsolatedAtoms.tolerance : DataStatistics.strongestBond
            guard abs(energy - shift) > limit else { return nil }
            return .warning(
                "\(sample.place): an isolated atom of \(element) has \(energy) eV, where the energy shift is \(DataCheck.format(shift)) eV: the two are of different levels of theory"
            )
        }
    }
}

extension String {
    /// `water.xyz` of `water.xyz, frame 12`.
    fileprivate var fileName: String { String(prefix { $0 != "," }) }
}
