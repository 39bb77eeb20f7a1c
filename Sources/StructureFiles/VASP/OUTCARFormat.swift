/// VASP's OUTCAR: Documentation/formats.md.
struct OUTCARFormat: StructureFormat {
    let name = "OUTCAR"
    let fileNames = ["*OUTCAR*"]

    /// By the first line, ` vasp.6.3.0 …`.
    func recognises(_ start: String) -> Bool {
        start.split(maxSplits: 4, whereSeparator: \.isNewline).contains {
            $0.drop(while: { $0 == " " }).hasPrefix("vasp.") && $0.contains { $0.isNumber }
        }
    }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) -> any StructureReader {
        RunReader(lines, as: OUTCARText(), labels: labels, use: use)
    }
}
