/// Output of ORCA: Documentation/formats.md.
struct ORCAFormat: StructureFormat {
    let name = "ORCA"
    let fileNames = ["*orca*.out"]

    /// By the name in its frame of stars.
    func recognises(_ start: String) -> Bool {
        start.contains("* O   R   C   A *")
    }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) -> any StructureReader {
        RunReader(lines, as: ORCAText(), labels: labels, use: use)
    }
}
