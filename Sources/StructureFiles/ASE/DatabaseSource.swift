import Atoms

/// Reads the rows of an ASE database, in the order of their ids.
///
/// Energies and forces are a calculator's; where it has none, those that the key-value pairs or the data of a row hold
/// under the names of the label keys, in the units that the metadata state (`_property_unit_dict`, as SchNetPack writes
/// it) or else eV and eV/Å.
struct DatabaseSource: DraftSource {
    let path: String
    private let rows: SQLiteRows
    private let labels: LabelKeys
    private let units: [String: String]

    init(_ file: ByteFile, labels: LabelKeys) throws {
        path = file.path
        self.labels = labels
        let information = try SQLiteRows(file, query: "SELECT name, value FROM information WHERE name = 'metadata'")
        var metadata = JSONValue.null
        if try information.advance(), let text = information.bytes(1) { metadata = try JSONParser.value(of: text) }
        units = ASEDatabaseUnits.units(in: metadata)
        rows = try SQLiteRows(
            file,
            query: """
                SELECT id, numbers, positions, cell, pbc, masses, momenta, constraints, calculator, energy, free_energy,
                forces, stress, dipole, charges, key_value_pairs, data FROM systems ORDER BY id
                """)
    }

    mutating func next() throws -> StructureDraft? {
        guard try rows.advance() else { return nil }
        var atoms = ASEAtoms()
        let id = rows.integer(0) ?? 0
        func numbers(_ column: Int32, _ type: NumPyType, _ what: String) throws -> [Double]? {
            guard let bytes = rows.bytes(column), !bytes.isEmpty else { return nil }
            guard bytes.count % type.size == 0, let numbers = type.numbers(bytes, isBigEndian: false) else {
                throw FormatProblem("expected numbers of \(what) in row \(id), found \(bytes.count) bytes")
            }
            return numbers
        }
        func vectors(_ column: Int32, _ what: String) throws -> [SIMD3<Double>]? {
            guard let numbers = try numbers(column, .double, what) else { return nil }
            guard numbers.count % 3 == 0 else { throw FormatProblem("expected vectors of \(what) in row \(id)") }
            return (0..<numbers.count / 3).map { SIMD3(numbers[3 * $0], numbers[3 * $0 + 1], numbers[3 * $0 + 2]) }
        }
        atoms.numbers = try numbers(1, NumPyType(kind: "i", size: 4), "atomic numbers") ?? []
        atoms.positions = try vectors(2, "positions") ?? []
        atoms.cell = try numbers(3, .double, "the cell")
        let repeats = rows.integer(4) ?? 0
        atoms.periodic = (0..<3).map { repeats >> $0 & 1 == 1 }
        atoms.masses = try numbers(5, .double, "masses")
        atoms.momenta = try vectors(6, "momenta")
        atoms.constraints = try rows.bytes(7).flatMap { $0.isEmpty ? nil : try JSONParser.value(of: $0) }
        if let calculator = rows.text(8) { atoms.information["calculator"] = calculator }
        atoms.energy = rows.double(9)
        atoms.freeEnergy = rows.double(10)
        atoms.forces = try vectors(11, "forces")
        atoms.stress = try numbers(12, .double, "stress")
        atoms.dipole = try numbers(13, .double, "dipole")
        atoms.charges = try numbers(14, .double, "charges")
        let pairs = try rows.bytes(15).flatMap { $0.isEmpty ? nil : try JSONParser.value(of: $0) }?.table ?? [:]
        let data = try ASERowData(rows.bytes(16) ?? []).table
        try ASEDatabaseLabels.add(pairs: pairs, data: data, named: labels, units, to: &atoms)
        atoms.information["id"] = "\(id)"
        return try atoms.draft()
    }
}

extension NumPyType {
    static let double = NumPyType(kind: "f", size: 8)
}
