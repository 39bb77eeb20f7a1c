/// The output of CASTEP, `.castep`: Documentation/formats.md.
struct CastepFormat: StructureFormat {
    let name = "CASTEP"
    let fileNames = ["*.castep"]

    /// By the box `Welcome to … CASTEP version 16.1`.
    func recognises(_ start: String) -> Bool { start.contains("CASTEP version ") && start.contains("Welcome to") }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) -> any StructureReader {
        RunReader(lines, as: CastepText(), labels: labels, use: use)
    }
}
