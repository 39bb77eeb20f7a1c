/// LAMMPS' data files (`read_data`, `write_data`): Documentation/formats.md.
struct LAMMPSDataFormat: StructureFormat {
    let name = "LAMMPS data"
    let fileNames = ["*.data", "*.lmp", "data.*", "*.lammps"]
    let holdsLabels = false

    /// By `… atoms` and the bounds of a box, in lines of their own.
    func recognises(_ start: String) -> Bool {
        var (hasAtoms, hasBox) = (false, false)
        for line in start.split(maxSplits: 200, whereSeparator: \.isNewline).dropFirst() {
            let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
            if words.count == 2, words[1] == "atoms", Int(words[0]) != nil { hasAtoms = true }
            if words.count == 4, words[2] == "xlo", words[3] == "xhi" { hasBox = true }
            if words.count == 4, words[3] == "avec" { hasBox = true }
            if hasAtoms && hasBox { return true }
        }
        return false
    }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) -> any StructureReader {
        DraftReader(
            LAMMPSDataSource(lines, facts: labels.unstated), labels: labels, use: use, formatWithoutLabels: name)
    }
}
