/// Crystallographic Information Files: Documentation/formats.md.
struct CIFFormat: StructureFormat {
    let name = "CIF"
    let fileNames = ["*.cif", "*.mcif", "*.mmcif"]
    let holdsLabels = false

    /// By `data_…` as the first word that is no comment, and a tag behind it.
    func recognises(_ start: String) -> Bool {
        var hasBlock = false
        for line in start.split(whereSeparator: \.isNewline) {
            let word = line.drop(while: { $0 == " " || $0 == "\t" })
            if word.isEmpty || word.hasPrefix("#") { continue }
            if !hasBlock {
                guard word.lowercased().hasPrefix("data_") else { return false }
                hasBlock = true
            } else {
                return word.hasPrefix("_") || word.lowercased().hasPrefix("loop_")
                    || word.lowercased().hasPrefix("data_")
            }
        }
        return hasBlock
    }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) -> any StructureReader {
        DraftReader(CIFSource(lines), labels: labels, use: use, formatWithoutLabels: name)
    }
}
