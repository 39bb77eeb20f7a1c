/// Text output of GPAW: Documentation/formats.md.
struct GPAWTextFormat: StructureFormat {
    let name = "GPAW text"
    let fileNames: [String] = []

    /// By its name in strokes.
    func recognises(_ start: String) -> Bool { start.contains("|__ |  _|___|_____|") }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) -> any StructureReader {
        RunReader(lines, as: GPAWText(), labels: labels, use: use)
    }
}
