/// VASP's ML_AB, the ab-initio data of a machine-learned force field: Documentation/formats.md.
struct MLABFormat: StructureFormat {
    let name = "ML_AB"
    let fileNames = ["*ML_AB*"]

    /// By `1.0 Version` and the title of its first section.
    func recognises(_ start: String) -> Bool {
        let lines = start.split(maxSplits: 3, whereSeparator: \.isNewline)
        return lines.count > 2 && lines[0].contains("Version") && lines[2].contains("The number of configurations")
    }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) -> any StructureReader {
        RunReader(lines, as: MLABText(), labels: labels, use: use)
    }
}
