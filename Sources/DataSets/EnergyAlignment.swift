import Atoms
import Foundation

/// Moves energies of some structures to the level of theory of the others, by so much for each atom of an element.
struct EnergyAlignment {
    private let data: DataSettings
    /// Energies of atoms fitted to the structures that stay where they are, eV; nil where nothing is fitted.
    private let base: [Element: Double]?
    /// Of kinds whose offsets are fitted.
    private var byConfigType: [String: [Element: Double]] = [:]

    /// - Parameter samples: those of all training entries.
    init(_ data: DataSettings, _ samples: [TrainingData.Sample]) throws {
        self.data = data
        var sets = data.train
        if case .files(let validation) = data.validation { sets += validation.flatMap(\.entries) }
        let kinds = data.offsets.filter { $0.value == .leastSquares }.map(\.key).sorted()
        guard !kinds.isEmpty || sets.contains(where: { $0.offsets == .leastSquares }) else {
            base = nil
            return
        }
        let rest = samples.filter { sample in
            data.train[sample.entry].offsets == nil
                && sample.structure.information["config_type"].map { data.offsets[$0] == nil } ?? true
        }.map(\.structure)
        guard rest.contains(where: { $0.energy != nil }) else {
            throw DataSetError(
                "data: energy_offsets: least_squares needs training structures with energies that are not moved, found none"
            )
        }
        let elements = DataStatistics.elements(of: rest)
        let fitted = try DataStatistics.isolatedAtomEnergies(rest, elements: elements).energies
        base = Dictionary(uniqueKeysWithValues: zip(elements, fitted))
        for kind in kinds {
            let own = samples.map(\.structure).filter { $0.information["config_type"] == kind }
            byConfigType[kind] = try fit(own, "data.energy_offsets.\(kind)")
        }
    }

    /// Applies the offsets that are fitted; those that are given have been.
    func move(
        _ samples: inout [TrainingData.Sample], _ entries: [DataEntry], _ remarks: inout [Remark]
    ) throws {
        var ofEntries: [Int: [Element: Double]] = [:]
        for (number, entry) in entries.enumerated() where entry.offsets == .leastSquares {
            let name = entry.files.joined(separator: ", ")
            let own = samples.filter { $0.entry == number }.map(\.structure)
            let offsets = try fit(own, "data: energy_offsets of \(name)")
            ofEntries[number] = offsets
            remarks.append(.notice("energy offsets of \(name) by least squares: \(Self.list(offsets))"))
        }
        for (kind, offsets) in byConfigType.sorted(by: { $0.key < $1.key }) {
            let remark = Remark.notice(
                "energy offsets of config_type=\(kind) by least squares: \(Self.list(offsets))")
            if !remarks.contains(remark) { remarks.append(remark) }
        }
        for index in samples.indices {
            let entry = entries[samples[index].entry]
            let kind = data.offsets.isEmpty ? nil : samples[index].structure.information["config_type"]
            samples[index].isMoved = entry.offsets != nil || kind.map { data.offsets[$0] != nil } ?? false
            var adjustment = LabelAdjustment()
            adjustment.masksFixedAtoms = false
            adjustment.offsets = ofEntries[samples[index].entry] ?? [:]
            if let kind, let offsets = byConfigType[kind] { adjustment.offsetsByConfigType = [kind: offsets] }
            if !adjustment.isNothing { samples[index].stored = samples[index].stored.adjusted(by: adjustment) }
        }
    }

    /// What energies of structures lie above those of the others, eV for each atom of an element.
    private func fit(_ structures: [Structure], _ key: String) throws -> [Element: Double] {
        guard let base else { return [:] }
        let labelled = structures.filter { $0.energy != nil }
        guard !labelled.isEmpty else { throw DataSetError("\(key): expected structures with energies, found none") }
        let elements = DataStatistics.elements(of: labelled)
        if let stranger = elements.first(where: { base[$0] == nil }) {
            throw DataSetError(
                "\(key): no other training structure holds \(stranger), so its offset cannot be fitted; give numbers, {\(stranger): …}"
            )
        }
        let differences = labelled.map { structure in
            var difference = structure
            difference.energy = structure.elements.reduce(structure.energy!) { $0 - base[$1]! }
            return difference
        }
        let fitted = try DataStatistics.isolatedAtomEnergies(differences, elements: elements).energies
        return Dictionary(uniqueKeysWithValues: zip(elements, fitted))
    }

    private static func list(_ offsets: [Element: Double]) -> String {
        offsets.sorted { $0.key < $1.key }.map { "\($0.key) \(DataCheck.format($0.value))" }.joined(separator: ", ")
            + " eV"
    }
}
