/// ASE's databases in JSON: Documentation/formats.md.
struct ASEJSONDatabaseFormat: StructureFormat {
    let name = "ASE database (JSON)"
    let fileNames: [String] = []

    /// By a table whose first entry is a row with the entries of ASE.
    func recognises(_ start: String) -> Bool {
        let text = start.prefix(4000).filter { !$0.isWhitespace }
        guard text.hasPrefix("{\""), let colon = text.firstIndex(of: ":") else { return false }
        let key = text[..<colon].dropFirst(2).dropLast()
        return Int(key) != nil && text[colon...].hasPrefix(":{\"") && text.contains("\"unique_id\":")
    }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) throws -> any StructureReader {
        DraftReader(try JSONDatabaseSource(lines, labels: labels), labels: labels, use: use)
    }
}

/// Reads the rows of a JSON database one by one, in the order of the file, which is that of their ids.
struct JSONDatabaseSource: DraftSource {
    let path: String
    private let labels: LabelKeys
    private var parser: JSONParser
    private var hasBegun = false

    init(_ lines: LineReader, labels: LabelKeys) throws {
        path = lines.path
        self.labels = labels
        parser = JSONParser(try ByteFile(path: lines.path).wholeContent())
    }

    mutating func next() throws -> StructureDraft? {
        if !hasBegun {
            try parser.expect("{")
            hasBegun = true
            if parser.take("}") { return nil }
        }
        while !parser.isAtEnd {
            let key = try parser.key()
            let value = try parser.value()
            let hasMore = parser.take(",")
            if !hasMore { try parser.expect("}") }
            if Int(key) != nil { return try draft(key, value) }
            if !hasMore { break }
        }
        guard parser.isAtEnd else { throw parser.problem("the end") }
        return nil
    }

    private func draft(_ id: String, _ row: JSONValue) throws -> StructureDraft {
        var atoms = ASEAtoms()
        func vectors(_ name: String) throws -> [SIMD3<Double>]? {
            guard let value = row[name] else { return nil }
            guard let vectors = value.vectors else {
                throw FormatProblem("expected vectors of \(name) in row \(id), found something else")
            }
            return vectors
        }
        atoms.numbers = row["numbers"]?.flat ?? []
        atoms.positions = try vectors("positions") ?? []
        atoms.cell = row["cell"]?.flat
        if let repeats = row["pbc"]?.flat, repeats.count == 3 { atoms.periodic = repeats.map { $0 != 0 } }
        atoms.masses = row["masses"]?.flat
        atoms.momenta = try vectors("momenta")
        atoms.constraints = row["constraints"]
        if let calculator = row["calculator"]?.string { atoms.information["calculator"] = calculator }
        atoms.energy = row["energy"]?.double
        atoms.freeEnergy = row["free_energy"]?.double
        atoms.forces = try vectors("forces")
        atoms.stress = row["stress"]?.flat
        atoms.dipole = row["dipole"]?.flat
        atoms.charges = row["charges"]?.flat
        try ASEDatabaseLabels.add(
            pairs: row["key_value_pairs"]?.table ?? [:], data: row["data"]?.table ?? [:], named: labels, [:],
            to: &atoms)
        atoms.information["id"] = id
        return try atoms.draft()
    }
}
