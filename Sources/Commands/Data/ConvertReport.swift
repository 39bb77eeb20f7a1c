import Atoms
import StructureFiles

/// What `apus convert` has read and written, as `--json` prints it.
struct ConvertReport: Encodable {
    var output: String
    var format: String
    /// Written, in all outputs.
    var structures = 0
    var files: [Input] = []
    var outputs: [Output] = []
    /// What is said of inputs together, and of outputs.
    var remarks: [String] = []

    struct Output: Encodable {
        var file: String
        var structures: Int
    }

    /// An input, as it was read.
    struct Input: Encodable {
        var file: String
        var format: String
        /// Read, and of these written.
        var structures = 0
        var written = 0
        var atoms = 0
        /// How many of those read carry each label.
        var labels: [String: Int] = [:]
        /// Of steps that the file holds: how many, and why the rest are no structures.
        var leftOut: [LeftOut] = []
        /// Whether the electrons had converged in all that was read; nothing where the file does not say.
        var converged: Bool?
        var energyPerAtomElectronvoltMinimum, energyPerAtomElectronvoltMaximum: Double?
        var largestForceElectronvoltPerAngstrom: Double?
        /// What was left out or understood although it could mean something else.
        var remarks: [String] = []

        struct LeftOut: Encodable {
            var reason: String
            var count: Int
        }

        private enum CodingKeys: CodingKey {
            case file, format, structures, written, atoms, labels, leftOut, converged
            case energyPerAtomElectronvoltMinimum, energyPerAtomElectronvoltMaximum
            case largestForceElectronvoltPerAngstrom, remarks
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(file, forKey: .file)
            try container.encode(format, forKey: .format)
            try container.encode(structures, forKey: .structures)
            try container.encode(written, forKey: .written)
            try container.encode(atoms, forKey: .atoms)
            try container.encode(labels, forKey: .labels)
            try container.encode(leftOut, forKey: .leftOut)
            // null where nothing is known.
            try container.encode(converged, forKey: .converged)
            try container.encode(energyPerAtomElectronvoltMinimum, forKey: .energyPerAtomElectronvoltMinimum)
            try container.encode(energyPerAtomElectronvoltMaximum, forKey: .energyPerAtomElectronvoltMaximum)
            try container.encode(largestForceElectronvoltPerAngstrom, forKey: .largestForceElectronvoltPerAngstrom)
            try container.encode(remarks, forKey: .remarks)
        }

        mutating func add(_ structure: Structure) {
            structures += 1
            atoms += structure.count
            for property in Property.all where structure.carries(property) { labels[property.name, default: 0] += 1 }
            if let energy = structure.energy {
                let perAtom = energy / Double(structure.count)
                energyPerAtomElectronvoltMinimum = min(energyPerAtomElectronvoltMinimum ?? perAtom, perAtom)
                energyPerAtomElectronvoltMaximum = max(energyPerAtomElectronvoltMaximum ?? perAtom, perAtom)
            }
            if let largest = structure.forces?.lazy.map({ norm($0) }).max() {
                largestForceElectronvoltPerAngstrom = max(largestForceElectronvoltPerAngstrom ?? largest, largest)
            }
        }

        /// What the reader of a run has left out.
        mutating func take(_ summary: RunSummary?) {
            guard let summary else { return }
            converged = summary.converged
            for left in summary.leftOut {
                leaveOut(left.steps.count, Self.reasons[left.reason] ?? left.reason)
            }
        }

        private static let reasons = [
            "unconverged": "unconverged", "notPrinted": "without positions, forces or energy",
            "cut": "cut off", "unreadable": "unreadable", "machineLearned": "machine-learned",
        ]

        mutating func leaveOut(_ count: Int, _ reason: String) {
            guard count > 0 else { return }
            leftOut.append(LeftOut(reason: reason, count: count))
        }

        /// `OUTCAR: OUTCAR, 12 structures, 96 atoms (energy, forces, stress), −5.42…−5.40 eV/atom; left out: 1 …`
        var line: String {
            let carried = Property.all.compactMap { property in
                labels[property.name].map { $0 == structures ? property.name : "\(property) on \($0)" }
            }
            var text =
                "\(file): \(format), \(Written.count(structures, "structure")), \(Written.count(atoms, "atom")) ("
                + (carried.isEmpty ? "no labels" : carried.joined(separator: ", ")) + ")"
            if let low = energyPerAtomElectronvoltMinimum, let high = energyPerAtomElectronvoltMaximum {
                text +=
                    low == high
                    ? ", \(Written.fixed(low, 4)) eV/atom"
                    : ", \(Written.fixed(low, 4))…\(Written.fixed(high, 4)) eV/atom"
            }
            if !leftOut.isEmpty {
                text += "; left out: " + leftOut.map { "\($0.count) \($0.reason)" }.joined(separator: ", ")
            }
            return text
        }
    }
}
