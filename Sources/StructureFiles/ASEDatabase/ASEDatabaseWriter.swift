import Atoms
import Files
import Foundation

/// ASE's database as an output of `apus convert`.
struct ASEDatabaseOutput: StructureOutput {
    let name = "ASE database"
    let word = "ase-db"
    let fileNames = ["*.db"]

    func writer(_ path: String, existing: OutputFile.Existing) throws -> any StructureWriter {
        try ASEDatabaseWriter(path, existing: existing)
    }
}

/// Writes structures as rows of an SQLite database with the tables that ASE (version 9 of its format) makes.
///
/// Energies, forces, stresses (xx yy zz yz xz xy), dipoles and charges are results of a calculator that is called
/// `unknown`; velocities become momenta, in √(eV·amu). Information whose key ASE allows becomes a key with a value,
/// numbers as numbers; other information stands in `data` under `info`. Atoms that are fixed on all axes become a
/// constraint, which ASE then applies to the forces that it shows.
final class ASEDatabaseWriter: StructureWriter {
    let path: String
    private let place: OutputPlace
    private let database: SQLiteWriter
    private var notes = WriterNotes()

    init(_ path: String, existing: OutputFile.Existing) throws {
        self.path = path
        place = try OutputPlace(path, existing: existing)
        database = try SQLiteWriter(place.path, called: path)
        for (name, columns) in Self.tables { try database.run("CREATE TABLE \(name) (\(columns))") }
        try database.insert(into: "information", [.text("version"), .text("9")])
    }

    var remarks: [String] { notes.remarks(path) }

    func close() throws {
        for (name, column) in Self.indices { try database.run("CREATE INDEX \(name) ON \(column)") }
        try database.close()
        try place.close()
    }

    // MARK: Rows

    func write(_ structure: Structure) throws {
        notes.next()
        // ASE counts years of 365.25 days from 2000 on.
        let time = (Date().timeIntervalSince1970 - 946_684_800) / (365.25 * 86_400)
        let unique = (0..<32).map { _ in String(Int.random(in: 0..<16), radix: 16) }.joined()
        let (keys, rest) = keysAndRest(structure)
        let masses = structure.elements.indices.map { structure.masses?[$0] ?? structure.elements[$0].mass }
        let momenta = structure.velocities.map { velocities in
            zip(velocities, masses).map { $0 * ($1 / Units.acceleration.squareRoot()) }
        }
        let pbc = (0..<3).reduce(0) { $0 + (structure.cell?.repeats(along: $1) == true ? 1 << $1 : 0) }
        let isLabelled =
            structure.energy != nil || structure.forces != nil || structure.stress != nil
            || structure.properties[.dipole] != nil || structure.properties[.charges] != nil
        let s = structure.stress
        let voigt = s.map { [$0[0, 0], $0[1, 1], $0[2, 2], $0[1, 2], $0[0, 2], $0[0, 1]] }
        var row: [SQLiteWriter.Value] = [
            .null, .text(unique), .real(time), .real(time), .text("apus"),
            .bytes(
                structure.elements.reduce(into: Data()) { data, element in
                    withUnsafeBytes(of: Int32(element.atomicNumber)) { data.append(contentsOf: $0) }
                }),
            bytes(structure.positions), bytes(structure.cell?.vectors.elements ?? Array(repeating: 0, count: 9)),
            .integer(pbc), .null, .null, structure.masses.map { bytes($0) } ?? .null, .null,
            momenta.map { bytes($0) } ?? .null, constraint(structure),
            isLabelled ? .text("unknown") : .null, isLabelled ? .text("{}") : .null,
            .real(orNull: structure.energy), .null, structure.forces.map { bytes($0) } ?? .null,
            voigt.map { bytes($0) } ?? .null, structure.properties[.dipole].map { bytes($0) } ?? .null, .null, .null,
            structure.properties[.charges].map { bytes($0) } ?? .null,
        ]
        row += [
            .text(try json(keys)), .bytes(try data(rest)), .integer(structure.count),
            .real(orNull: structure.forces.flatMap { $0.map { norm($0) }.max() }),
            .real(orNull: voigt.flatMap { $0.map { abs($0) }.max() }),
            .real(orNull: structure.cell?.volume), .real(masses.reduce(0, +)), .real(0),
        ]
        let id = SQLiteWriter.Value.integer(try database.insert(into: "systems", row))
        for (element, count) in structure.composition {
            try database.insert(into: "species", [.integer(element.atomicNumber), .integer(count), id])
        }
        for (key, value) in keys.sorted(by: { $0.key < $1.key }) {
            switch value {
            case .number(let number):
                try database.insert(into: "number_key_values", [.text(key), .real(number), id])
            case .text(let text): try database.insert(into: "text_key_values", [.text(key), .text(text), id])
            }
            try database.insert(into: "keys", [.text(key), id])
        }
        if structure.properties.keys.contains(.atomicDipoles) { notes.note("atomic dipoles are left out") }
    }

    private func bytes(_ numbers: [Double]) -> SQLiteWriter.Value { .bytes(numbers.withUnsafeBytes { Data($0) }) }
    private func bytes(_ vectors: [SIMD3<Double>]) -> SQLiteWriter.Value { bytes(vectors.flatMap(\.components)) }

    private func constraint(_ structure: Structure) -> SQLiteWriter.Value {
        guard let mask = structure.moveMask else { return .null }
        let fixed = mask.indices.filter { mask[$0] == SIMD3(0, 0, 0) }
        if mask.contains(where: { $0 != SIMD3(0, 0, 0) && $0 != SIMD3(1, 1, 1) }) {
            notes.note("atoms that are fixed along some axes only are free here")
        }
        guard !fixed.isEmpty else { return .null }
        return .text(
            #"[{"name": "FixAtoms", "kwargs": {"indices": [\#(fixed.map { "\($0)" }.joined(separator: ", "))]}}]"#)
    }

    // MARK: Keys

    private enum KeyValue: Encodable {
        case number(Double)
        case text(String)

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .number(let number): try container.encode(number)
            case .text(let text): try container.encode(text)
            }
        }
    }

    /// What can be a key of ASE's, and what cannot.
    private func keysAndRest(_ structure: Structure) -> (keys: [String: KeyValue], rest: [String: String]) {
        var (keys, rest) = ([String: KeyValue](), [String: String]())
        for (key, value) in structure.information {
            let isWord = key.wholeMatch(of: #/[A-Za-z_][A-Za-z0-9_]*/#) != nil
            guard isWord, !Self.reserved.contains(key), Element(key) == nil else {
                rest[key] = value
                continue
            }
            if let number = Double(value), number.isFinite {
                keys[key] = .number(number)
            } else if ["true", "false", "nan", "inf", "infinity"].contains(value.lowercased()) {
                rest[key] = value
            } else {
                keys[key] = .text(value)
            }
        }
        return (keys, rest)
    }

    /// Names that ASE keeps for itself.
    private static let reserved: Set = [
        "energy", "forces", "stress", "stresses", "dipole", "charges", "magmom", "magmoms", "free_energy", "energies",
        "dielectric_tensor", "born_effective_charges", "polarization", "positions", "numbers", "cell", "pbc",
        "initial_charges", "initial_magmoms", "id", "unique_id", "ctime", "mtime", "user", "fmax", "smax", "momenta",
        "constraints", "natoms", "formula", "age", "calculator", "calculator_parameters", "key_value_pairs", "data",
        "charge", "mass", "volume", "external_tables",
    ]

    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// ASE's bytes of a dictionary without arrays: where the text begins, and the text.
    private func data(_ rest: [String: String]) throws -> Data {
        var data = Data()
        withUnsafeBytes(of: Int64(8)) { data.append(contentsOf: $0) }
        data.append(contentsOf: try (rest.isEmpty ? "{}" : json(["info": rest])).utf8)
        return data
    }

    // MARK: Tables

    private static let tables = [
        (
            "systems",
            "id INTEGER PRIMARY KEY AUTOINCREMENT, unique_id TEXT UNIQUE, ctime REAL, mtime REAL, username TEXT, "
                + "numbers BLOB, positions BLOB, cell BLOB, pbc INTEGER, initial_magmoms BLOB, initial_charges BLOB, "
                + "masses BLOB, tags BLOB, momenta BLOB, constraints TEXT, calculator TEXT, "
                + "calculator_parameters TEXT, energy REAL, free_energy REAL, forces BLOB, stress BLOB, dipole BLOB, "
                + "magmoms BLOB, magmom REAL, charges BLOB, key_value_pairs TEXT, data BLOB, natoms INTEGER, "
                + "fmax REAL, smax REAL, volume REAL, mass REAL, charge REAL"
        ),
        ("species", "Z INTEGER, n INTEGER, id INTEGER, FOREIGN KEY (id) REFERENCES systems(id)"),
        ("keys", "key TEXT, id INTEGER, FOREIGN KEY (id) REFERENCES systems(id)"),
        ("text_key_values", "key TEXT, value TEXT, id INTEGER, FOREIGN KEY (id) REFERENCES systems(id)"),
        ("number_key_values", "key TEXT, value REAL, id INTEGER, FOREIGN KEY (id) REFERENCES systems(id)"),
        ("information", "name TEXT, value TEXT"),
    ]
    private static let indices = [
        ("unique_id_index", "systems(unique_id)"), ("ctime_index", "systems(ctime)"),
        ("username_index", "systems(username)"), ("calculator_index", "systems(calculator)"),
        ("species_index", "species(Z)"), ("key_index", "keys(key)"), ("text_index", "text_key_values(key)"),
        ("number_index", "number_key_values(key)"),
    ]
}
