/// GPAW's `.gpw`, a file of ASE's kind with one calculation: Documentation/formats.md.
struct GPAWFormat: BinaryStructureFormat {
    let name = "GPAW"
    let fileNames = ["*.gpw"]

    func recognises(_ start: String) -> Bool {
        ULMFile.magics.contains { start.lowercased().hasPrefix("\($0.lowercased())gpaw") }
    }

    func reader(of file: ByteFile, labels: LabelKeys, use: StructureUse) throws -> any StructureReader {
        DraftReader(try GPAWSource(file), labels: labels, use: use)
    }
}

/// Reads the structure of a GPAW file: `atoms` as in a trajectory, `results` in eV and Å.
struct GPAWSource: DraftSource {
    private let ulm: ULMFile
    private var isRead = false

    init(_ file: ByteFile) throws { ulm = try ULMFile(file) }

    var path: String { ulm.file.path }

    mutating func next() throws -> StructureDraft? {
        guard !isRead else { return nil }
        isRead = true
        guard ulm.count > 0 else { throw FormatProblem("expected atoms, found none") }
        let item = try ulm.item(0)
        guard let part = item.child("atoms") else { throw FormatProblem("expected atoms, found none") }
        var header: (numbers: [Double], periodic: [Bool], masses: [Double]?, constraints: JSONValue?)?
        var atoms = try ASEImage.atoms(part, header: &header)
        if let results = item.child("results") {
            guard try item.child("scf")?.numbers("converged")?.first != 0 else {
                throw FormatProblem(
                    "expected a calculation whose electrons have converged, found one that says converged: false")
            }
            try ASEImage.add(results, to: &atoms)
            // `energy` is extrapolated to zero width of the smearing; the forces belong to `free_energy`.
        }
        return try atoms.draft()
    }
}
