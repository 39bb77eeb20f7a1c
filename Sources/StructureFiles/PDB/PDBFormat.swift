/// Files of the Protein Data Bank: Documentation/formats.md.
struct PDBFormat: StructureFormat {
    let name = "PDB"
    let fileNames = ["*.pdb", "*.ent"]
    let holdsLabels = false

    /// By an ATOM or HETATM line whose coordinates stand in their columns, after nothing but known records.
    func recognises(_ start: String) -> Bool {
        for line in start.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("ATOM  ") || line.hasPrefix("HETATM") {
                return PDBRecord(Array(line.utf8)[...]).position != nil
            }
            let record = line.prefix(6).trimmingCharacters(in: .whitespaces)
            guard Self.records.contains(record) else { return false }
        }
        return false
    }

    private static let records: Set<String> = [
        "HEADER", "TITLE", "COMPND", "SOURCE", "KEYWDS", "EXPDTA", "AUTHOR", "REVDAT", "JRNL", "REMARK", "DBREF",
        "DBREF1", "DBREF2", "SEQADV", "SEQRES", "MODRES", "HET", "HETNAM", "HETSYN", "FORMUL", "HELIX", "SHEET",
        "SSBOND",
        "LINK", "CISPEP", "SITE", "CRYST1", "ORIGX1", "ORIGX2", "ORIGX3", "SCALE1", "SCALE2", "SCALE3", "MTRIX1",
        "MTRIX2", "MTRIX3", "MODEL", "CAVEAT", "NUMMDL", "MDLTYP", "OBSLTE", "SPRSDE", "SPLIT", "TURN",
    ]

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) -> any StructureReader {
        DraftReader(PDBSource(lines), labels: labels, use: use, formatWithoutLabels: name)
    }
}
