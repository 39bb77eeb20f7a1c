/// Extended XYZ, as ASE, QUIP and others write it: Documentation/formats.md.
struct ExtendedXYZFormat: StructureFormat {
    let name = "extended XYZ"
    let fileNames = ["*.xyz", "*.extxyz"]

    /// By its first line that is not blank, the count of atoms.
    func recognises(_ start: String) -> Bool {
        let lines = start.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        return lines.first { !$0.allSatisfy(\.isWhitespace) }.flatMap { Int($0.filter { !$0.isWhitespace }) } != nil
    }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) -> any StructureReader {
        ExtendedXYZReader(lines, labels: labels, use: use)
    }
}
