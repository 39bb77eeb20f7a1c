/// The main output of ABINIT (`.abo`, formerly `.out`): Documentation/formats.md.
struct AbinitFormat: StructureFormat {
    let name = "ABINIT"
    let fileNames = ["*.abo"]

    /// By the line `.Version 9.10.4 of ABINIT`.
    func recognises(_ start: String) -> Bool {
        start.split(maxSplits: 8, whereSeparator: \.isNewline).contains {
            $0.hasPrefix(".Version ") && $0.contains(" of ABINIT")
        }
    }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) -> any StructureReader {
        RunReader(lines, as: AbinitText(), labels: labels, use: use)
    }
}
