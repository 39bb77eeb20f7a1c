import Atoms
import Files
import Foundation
import StructureFiles

/// What `apus info` says about a data set; the file is read once, frame by frame.
struct DataSetInfo: Encodable {
    struct Range: Encodable {
        var minimum = Double.infinity
        var maximum = -Double.infinity
        private(set) var mean = 0.0
        private var count = 0

        private enum CodingKeys: CodingKey { case minimum, maximum, mean }

        /// A number that is not finite, or as good as, would be all that is left of the mean.
        mutating func add(_ value: Double) {
            guard abs(value) < 1e100 else { return }
            count += 1
            minimum = min(minimum, value)
            maximum = max(maximum, value)
            mean += (value - mean) / Double(count)
        }

        var orNone: Range? { count > 0 ? self : nil }

        func described(_ unit: String, digits: Int = 3) -> String {
            "\(Written.fixed(minimum, digits))…\(Written.fixed(maximum, digits)) \(unit), mean \(Written.fixed(mean, digits))"
        }
    }

    var kind = "data set"
    var file: String
    var bytes: Int
    var structures = 0
    var atoms = 0
    var smallest = Int.max
    var largest = 0
    var elements: [String: Int] = [:]
    /// How many structures have each composition.
    var formulae: [String: Int] = [:]
    /// How many structures carry each label.
    var labels: [String: Int] = [:]
    var configTypes: [String: Int] = [:]
    /// How many structures repeat along all, some and none of their vectors.
    var periodicity = ["full": 0, "partial": 0, "none": 0]
    var withVelocities = 0
    var energyPerAtomElectronvolt: Range?
    var largestForceElectronvoltPerAngstrom: Range?
    var forcesRmsElectronvoltPerAngstrom: Double?
    /// −tr σ / 3.
    var pressureGpa: Range?
    var volumePerAtomCubicAngstrom: Range?
    var keys: [String]
    var columns: [String]

    private var energy = Range()
    private var force = Range()
    private var pressure = Range()
    private var volume = Range()
    private var forceSquares = (sum: 0.0, count: 0)

    private enum CodingKeys: CodingKey {
        case kind, file, bytes, structures, atoms, smallest, largest, elements, formulae, labels, configTypes
        case periodicity, withVelocities, energyPerAtomElectronvolt, largestForceElectronvoltPerAngstrom
        case forcesRmsElectronvoltPerAngstrom, pressureGpa, volumePerAtomCubicAngstrom, keys, columns
    }

    /// Reads a file. Throws also when a label whose name was given is in no frame.
    init(of path: String, labels options: LabelChoice) throws {
        self.init(of: path)
        let reader = try StructureFormats.open(path, labels: options.keys())
        while let structure = try reader.next() { add(structure) }
        reader.tellRemarks()
        try options.check(reader.census, in: path)
        finish(reader.census)
    }

    /// Of a file whose structures are handed over one by one.
    init(of path: String) {
        file = path
        bytes = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
        (keys, columns) = ([], [])
    }

    mutating func add(_ structure: Structure) {
        structures += 1
        atoms += structure.count
        smallest = min(smallest, structure.count)
        largest = max(largest, structure.count)
        formulae[structure.formula, default: 0] += 1
        for (element, count) in structure.composition { elements[element.symbol, default: 0] += count }
        if let type = structure.information["config_type"] { configTypes[type, default: 0] += 1 }
        let isFull = structure.cell?.isFullyPeriodic ?? false
        let isOpen = structure.cell.map { $0.isPeriodic == SIMD3(0, 0, 0) } ?? true
        periodicity[isFull ? "full" : isOpen ? "none" : "partial"]! += 1
        if structure.velocities != nil { withVelocities += 1 }
        if isFull, let cell = structure.cell, structure.count > 0 {
            volume.add(cell.volume / Double(structure.count))
        }
        if let value = structure.energy, structure.count > 0 { energy.add(value / Double(structure.count)) }
        if let forces = structure.forces {
            force.add(forces.map { norm($0) }.max() ?? 0)
            let squares = forces.reduce(0) { $0 + dot($1, $1) }
            if squares < 1e100 {
                forceSquares.sum += squares
                forceSquares.count += 3 * forces.count
            }
        }
        if let stress = structure.stress { pressure.add(-stress.trace / 3 * Units.gigapascal) }
    }

    /// After the last structure.
    mutating func finish(_ census: LabelCensus) {
        (keys, columns) = (census.keys, census.columns)
        for label in Property.all where Property.ofEnergySurface.contains(label) || census.count(of: label) > 0 {
            labels[label.name] = census.count(of: label)
        }
        energyPerAtomElectronvolt = energy.orNone
        largestForceElectronvoltPerAngstrom = force.orNone
        if forceSquares.count > 0 {
            forcesRmsElectronvoltPerAngstrom = (forceSquares.sum / Double(forceSquares.count)).squareRoot()
        }
        pressureGpa = pressure.orNone
        volumePerAtomCubicAngstrom = volume.orNone
    }

    var lines: [String] {
        func counts(_ table: [String: Int], limit: Int = 12) -> String {
            let sorted = table.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            let rest = sorted.count > limit ? " and \(sorted.count - limit) more" : ""
            return sorted.prefix(limit).map { "\(Excerpt.of($0.key, limit: 40)) (\($0.value))" }.joined(
                separator: ", ") + rest
        }
        var rows: [[String]] = [
            ["structures", "\(structures)"],
            ["atoms", "\(atoms) in all, \(smallest)…\(largest) in a structure"],
            ["elements", counts(elements, limit: 100)],
            ["formulae", counts(formulae)],
            [
                "periodic",
                periodicity.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
                    .joined(separator: ", "),
            ],
        ]
        for label in Property.all where labels[label.name] != nil {
            let count = labels[label.name] ?? 0
            rows.append([
                label.name,
                count == structures
                    ? "in all structures" : count == 0 ? "none" : "in \(count) of \(structures) structures",
            ])
        }
        if let range = energyPerAtomElectronvolt {
            rows.append(["energy per atom", range.described("eV", digits: 4)])
        }
        if let rms = forcesRmsElectronvoltPerAngstrom, let range = largestForceElectronvoltPerAngstrom {
            rows.append([
                "forces",
                "rms of components \(Written.fixed(rms, 3)) eV/Å, largest force \(Written.fixed(range.maximum, 3)) eV/Å",
            ])
        }
        if let range = pressureGpa { rows.append(["pressure", range.described("GPa", digits: 2)]) }
        if let range = volumePerAtomCubicAngstrom {
            rows.append(["volume per atom", range.described("Å³", digits: 2)])
        }
        if withVelocities > 0 { rows.append(["velocities", "in \(withVelocities) of \(structures) structures"]) }
        if !configTypes.isEmpty { rows.append(["config_type", counts(configTypes)]) }
        for (title, names) in [("keys seen", keys), ("columns seen", columns)] {
            rows.append([title, names.isEmpty ? "none" : Excerpt.of(names.joined(separator: ", "), limit: 400)])
        }
        return ["\(file): a data set (\(Written.bytes(bytes)))"] + Terminal.table(rows, leftAligned: [0, 1])
    }
}
