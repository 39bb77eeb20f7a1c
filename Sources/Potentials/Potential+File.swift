import Atoms
import Files
import Foundation
import Layers
import Models

/// The potential file: safetensors with the weights under NequIP's names, everything else as text beside them.
///
/// Documentation/potential-file.md describes it for other programs.
extension Potential {
    private static let format = "apus-potential"
    private static let formatVersion = "1"
    /// That of committees, which programs that know no committees must not take for one potential.
    private static let committeeVersion = "2"
    /// That of potentials with other outputs than energies or of another architecture than NequIP, committees or not.
    private static let generalVersion = "3"
    /// That of potentials whose architecture says what came after (`Architecture.isExtended`), committees or not.
    private static let extendedVersion = "4"
    private static let versions = [formatVersion, committeeVersion, generalVersion, extendedVersion]
    /// What the numbers of a potential are in; there is no choice.
    public static let units = [
        "energy": "eV", "length": "angstrom", "force": "eV/angstrom", "stress": "eV/angstrom^3",
    ]

    private static func elements(_ configuration: ModelConfiguration) -> String {
        configuration.typeNames.joined(separator: " ")
    }

    private static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// Reads a potential file, or that of a name (`PotentialLibrary`). Throws a `PotentialError` that names it.
    public init(contentsOf name: String) throws {
        let path = PotentialLibrary.path(of: name)
        let file: Safetensors
        do {
            file = try Safetensors(contentsOf: path)
        } catch {
            throw PotentialError("\(error)")
        }
        do {
            try self.init(file)
        } catch {
            throw PotentialError("\(path): \(error.message)")
        }
    }

    /// Reads a potential file and computes its reference structures again.
    public init(verifying path: String) throws {
        try self.init(contentsOf: path)
        do {
            try verify()
        } catch {
            throw PotentialError("\(path): \(error)")
        }
    }

    /// The same, of a potential that has energies, which `user` lives on.
    public init(verifying path: String, withEnergiesFor user: String) throws {
        try self.init(verifying: path)
        do {
            try requireEnergies(for: user)
        } catch {
            throw PotentialError("\(path): \(error.message)")
        }
    }

    public init(_ file: Safetensors) throws(PotentialError) {
        do {
            try self.init(reading: file)
        } catch let error as PotentialError {
            throw error
        } catch {
            throw PotentialError("\(error)")
        }
    }

    private init(reading file: Safetensors) throws {
        guard file.metadata["format"] == Self.format else {
            throw PotentialError(
                "is not a potential: its format is \(file.metadata["format"] ?? "not stated"), expected \(Self.format)"
            )
        }
        let version = file.metadata["format_version"] ?? "none"
        guard Self.versions.contains(version) else {
            throw PotentialError(
                "has format version \(version); this program reads \(Self.versions.dropLast().joined(separator: ", ")) and \(Self.extendedVersion). Use a newer Apus."
            )
        }
        let isCommittee =
            version == Self.committeeVersion
            || [Self.generalVersion, Self.extendedVersion].contains(version) && file.metadata["members"] != nil
        let memberCount = isCommittee ? Int(file.metadata["members"] ?? "") ?? 0 : 1
        guard !isCommittee || (2...100).contains(memberCount) else {
            throw PotentialError(
                "it is a committee of \(file.metadata["members"] ?? "no stated number of") members, expected 2…100")
        }
        func decode<Value: Decodable>(_ key: String, as type: Value.Type) throws -> Value {
            guard let text = file.metadata[key] else { throw PotentialError("has no \(key)") }
            do {
                return try JSONDecoder().decode(type, from: Data(text.utf8))
            } catch let error as DecodingError {
                throw PotentialError("its \(key) cannot be read: \(error.reason)")
            }
        }
        let configuration = try decode("model", as: ModelConfiguration.self)
        // Which array is missing is said below; a model far larger than the file is refused before it takes memory.
        let (asked, held) = (
            try Model.weightCount(configuration),
            file.tensors.filter { $0.key.contains("weights.") }.reduce(0) { $0 + $1.value.count }
        )
        guard asked <= max(held, 1_000_000) else {
            throw PotentialError("its model has \(asked) weights, but the file holds \(held)")
        }
        let model = try Model(configuration)
        let units = try decode("units", as: [String: String].self)
        guard units == Self.units else {
            throw PotentialError("its units are \(file.metadata["units"]!), expected \(try Self.text(Self.units))")
        }
        guard file.metadata["elements"] == Self.elements(configuration) else {
            throw PotentialError(
                "its elements are \(file.metadata["elements"] ?? "not stated"), but those of its model \(Self.elements(configuration))"
            )
        }
        guard let precision = file.metadata["precision"].flatMap(Precision.init) else {
            throw PotentialError(
                "its precision is \(file.metadata["precision"] ?? "not stated"), expected float32 or float64")
        }
        let distances = try decode("shortest_distances", as: [String: Double].self)
        for (pair, distance) in distances {
            let names = pair.split(separator: "-").compactMap { Element(String($0)) }
            guard names.count == 2, distance > 0, distance <= configuration.rMax else {
                throw PotentialError(
                    "shortest_distances: expected lengths of 0…\(configuration.rMax) Å by pairs of elements, found \(pair): \(distance)"
                )
            }
        }
        self.init(
            configuration: configuration,
            members: try (0..<memberCount).map { member in
                try ParameterSet(
                    model.parameters, from: file, prefix: Model.prefix(member, of: memberCount) + "weights.")
            }, precision: precision,
            provenance: try decode("provenance", as: Provenance.self),
            shortestDistances: distances,
            references: try (0..<Self.referenceCount).compactMap { index in
                try Self.reference("reference.\(index).", in: file, configuration)
            })
        guard file.metadata["sha256"] == Self.digest(of: file) else {
            throw PotentialError(
                "its arrays or its model are not those that were written (their SHA-256 differs): the file is damaged"
            )
        }
        checksum = Self.checksum(of: file)
        // Files of Apus 0.1 have none.
        guard file.metadata[Self.checksumKey] == nil || file.metadata[Self.checksumKey] == checksum else {
            throw PotentialError(
                "its metadata are not those that were written (their SHA-256 differs): the file was altered or is damaged"
            )
        }
    }

    private static let checksumKey = "checksum"

    /// SHA-256 of all metadata but itself, each as key, a zero byte, value, a zero byte, in order of keys; then of the
    /// arrays in order of their names. As hexadecimal text.
    private static func checksum(of file: Safetensors) -> String {
        var hash = SHA256()
        for (key, value) in file.metadata.sorted(by: { $0.key < $1.key }) where key != checksumKey {
            hash.update(Data((key + "\0" + value + "\0").utf8))
        }
        for (_, tensor) in file.tensors.sorted(by: { $0.key < $1.key }) { hash.update(tensor.bytes) }
        return hash.hexadecimal()
    }

    /// SHA-256 of the model's text and the arrays in order of their names, as hexadecimal text.
    private static func digest(of file: Safetensors) -> String {
        var hash = SHA256()
        hash.update(Data((file.metadata["model"] ?? "").utf8))
        for (_, tensor) in file.tensors.sorted(by: { $0.key < $1.key }) { hash.update(tensor.bytes) }
        return hash.hexadecimal()
    }

    /// References are computed when a potential is loaded, so they must be small.
    private static let largestReference = (atoms: 10_000, edges: 1e6)

    private static func reference(
        _ prefix: String, in file: Safetensors, _ configuration: ModelConfiguration
    ) throws -> ReferenceStructure? {
        guard file.tensors[prefix + "positions"] != nil else { return nil }
        func vectors(_ name: String) throws -> [SIMD3<Double>] {
            let numbers = try file.values(prefix + name)
            guard numbers.count.isMultiple(of: 3) else {
                throw PotentialError("\(prefix)\(name) is not made of vectors")
            }
            return (0..<numbers.count / 3).map { SIMD3(numbers[3 * $0], numbers[3 * $0 + 1], numbers[3 * $0 + 2]) }
        }
        let elements = try file.values(prefix + "atomic_numbers").map { number in
            guard let element = Element(atomicNumber: Int(exactly: number) ?? 0) else {
                throw PotentialError("\(prefix)atomic_numbers holds \(number)")
            }
            return element
        }
        let positions = try vectors("positions")
        guard positions.count == elements.count else { throw PotentialError("\(prefix) arrays differ in length") }
        var cell: Cell?
        if file.tensors[prefix + "cell"] != nil {
            let (rows, periodic) = (try vectors("cell"), try file.values(prefix + "periodic"))
            guard rows.count == 3, periodic.count == 3 else { throw PotentialError("\(prefix)cell is not 3 × 3") }
            cell = Cell(
                Matrix3(rows[0], rows[1], rows[2]), periodic: (periodic[0] != 0, periodic[1] != 0, periodic[2] != 0))
            // A flatter cell holds no atoms, only images without end.
            guard try file.values(prefix + "cell").allSatisfy(\.isFinite), cell!.heights.min() > 0.1 else {
                throw PotentialError("\(prefix)cell has no volume")
            }
        }
        let count = Double(positions.count)
        let sphere = 4 / 3 * Double.pi * configuration.rMax * configuration.rMax * configuration.rMax
        let edges = count * count * (cell.map { max(1, sphere / $0.volume) } ?? 1)
        guard positions.count <= largestReference.atoms, edges <= largestReference.edges else {
            throw PotentialError(
                "\(prefix) has \(positions.count) atoms with about \(edges.rounded()) neighbours in all, too many to compute"
            )
        }
        guard positions.allSatisfy({ dot($0, $0).isFinite }) else {
            throw PotentialError("\(prefix)positions holds numbers that are not finite")
        }
        var structure = Structure(elements: elements, positions: positions, cell: cell)
        if configuration.predictsEnergy {
            structure.energy = try file.values(prefix + "energy").first
            structure.forces = try vectors("forces")
            guard structure.energy != nil, structure.forces?.count == elements.count else {
                throw PotentialError("\(prefix) arrays differ in length")
            }
        }
        for property in configuration.properties where !Property.ofEnergySurface.contains(property) {
            guard structure.allows(property) else { continue }
            let values = try file.values(prefix + property.name)
            guard values.count == property.count(atoms: elements.count) else {
                throw PotentialError(
                    "\(prefix)\(property) has \(values.count) numbers, expected \(property.count(atoms: elements.count))"
                )
            }
            structure.properties[property] = values
        }
        if file.tensors[prefix + "charge"] != nil, let charge = try file.values(prefix + "charge").first {
            structure.information[Structure.chargeKeys[0]] = "\(charge)"
        }
        return ReferenceStructure(stored: structure)
    }

    /// Writes the file whole or not at all.
    public func write(to path: String) throws { try encoded().write(to: path) }

    public func encoded() throws -> Safetensors {
        var file = Safetensors()
        file.metadata = [
            "format": Self.format, "format_version": Self.formatVersion, "model": try Self.text(configuration),
            "precision": precision.rawValue, "units": try Self.text(Self.units),
            "elements": Self.elements(configuration), "provenance": try Self.text(provenance),
            "shortest_distances": try Self.text(shortestDistances),
        ]
        if !configuration.isPlain { file.metadata["format_version"] = Self.generalVersion }
        if configuration.architecture.isExtended { file.metadata["format_version"] = Self.extendedVersion }
        if members.count > 1 {
            if configuration.isPlain { file.metadata["format_version"] = Self.committeeVersion }
            file.metadata["members"] = "\(members.count)"
        }
        for (index, member) in members.enumerated() {
            member.store(
                in: &file, prefix: Model.prefix(index, of: members.count) + "weights.",
                as: precision == .float32 ? .float32 : .float64)
        }
        for (index, reference) in references.enumerated() {
            let (structure, prefix) = (reference.structure, "reference.\(index).")
            func flat(_ vectors: [SIMD3<Double>]) -> [Double] { vectors.flatMap { [$0.x, $0.y, $0.z] } }
            file.set(
                prefix + "atomic_numbers", structure.elements.map { Double($0.atomicNumber) },
                shape: [structure.count],
                as: .int32)
            file.set(prefix + "positions", flat(structure.positions), shape: [structure.count, 3])
            if let forces = structure.forces {
                file.set(prefix + "forces", flat(forces), shape: [structure.count, 3])
            }
            if let energy = structure.energy { file.set(prefix + "energy", [energy], shape: [1]) }
            for (property, values) in structure.properties {
                let components = property.shape.components
                file.set(
                    prefix + property.name, values,
                    shape: property.scope == .atom ? [structure.count, components] : [components])
            }
            if let charge = structure.totalCharge, charge != 0 {
                file.set(prefix + "charge", [charge], shape: [1])
            }
            if let cell = structure.cell {
                file.set(prefix + "cell", cell.vectors.elements, shape: [3, 3])
                file.set(prefix + "periodic", (0..<3).map { cell.repeats(along: $0) ? 1 : 0 }, shape: [3], as: .int32)
            }
        }
        file.metadata["sha256"] = Self.digest(of: file)
        file.metadata[Self.checksumKey] = Self.checksum(of: file)
        return file
    }
}

extension DecodingError {
    /// Where in the JSON and what is wrong there, in one line.
    fileprivate var reason: String {
        func at(_ path: [any CodingKey], _ last: (any CodingKey)? = nil) -> String {
            let names = (path + [last].compactMap(\.self)).reduce("") { text, key in
                text + (key.intValue.map { "[\($0)]" } ?? (text.isEmpty ? "" : ".") + key.stringValue)
            }
            return names.isEmpty ? "the whole" : names
        }
        switch self {
        case .keyNotFound(let key, let context): return "\(at(context.codingPath, key)) is missing"
        case .valueNotFound(_, let context): return "\(at(context.codingPath)) is null"
        case .typeMismatch(let type, let context): return "\(at(context.codingPath)) is no \(type)"
        case .dataCorrupted(let context): return "\(at(context.codingPath)): \(context.debugDescription)"
        @unknown default: return localizedDescription
        }
    }
}
