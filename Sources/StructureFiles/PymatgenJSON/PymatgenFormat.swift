/// Structures, trajectories and entries as pymatgen writes them in JSON: Documentation/formats.md.
struct PymatgenFormat: StructureFormat {
    let name = "pymatgen JSON"
    let fileNames: [String] = []

    /// By a class of pymatgen's in the first table.
    func recognises(_ start: String) -> Bool {
        guard let first = start.first(where: { !$0.isWhitespace }), first == "{" || first == "[" else { return false }
        let text = start.prefix(6000).filter { !$0.isWhitespace }
        return text.contains("\"@module\":\"pymatgen") || text.contains("\"lattice\":{\"matrix\":")
            || (text.contains("\"lattice\":") && text.contains("\"sites\":"))
    }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) throws -> any StructureReader {
        let bytes = try ByteFile(path: lines.path).wholeContent()
        return DraftReader(PymatgenSource(path: lines.path, bytes), labels: labels, use: use)
    }
}
