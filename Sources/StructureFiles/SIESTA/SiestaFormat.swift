/// The output of SIESTA: Documentation/formats.md.
struct SiestaFormat: StructureFormat {
    let name = "SIESTA"
    let fileNames = ["*.siesta.out"]

    /// By its first lines, `Siesta Version : v4.0.2` or `Executable : siesta`.
    func recognises(_ start: String) -> Bool {
        start.split(maxSplits: 6, whereSeparator: \.isNewline).contains { line in
            if line.hasPrefix("Siesta Version") { return true }
            let words = line.split(whereSeparator: { " :".contains($0) })
            return words.count == 2 && words[0] == "Executable" && words[1] == "siesta"
        }
    }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) -> any StructureReader {
        RunReader(lines, as: SiestaText(), labels: labels, use: use)
    }
}
