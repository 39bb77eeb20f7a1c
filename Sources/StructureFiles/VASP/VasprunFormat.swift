/// VASP's vasprun.xml: Documentation/formats.md.
struct VasprunFormat: StructureFormat {
    let name = "vasprun.xml"
    let fileNames = ["*vasprun*.xml"]

    /// By its outermost element.
    func recognises(_ start: String) -> Bool {
        start.drop(while: \.isWhitespace).hasPrefix("<") && start.prefix(2000).contains("<modeling>")
    }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) -> any StructureReader {
        RunReader(lines, as: VasprunText(), labels: labels, use: use)
    }
}
