/// VASP's XDATCAR, positions along a run: Documentation/formats.md.
struct XDATCARFormat: StructureFormat {
    let name = "XDATCAR"
    let fileNames = ["*XDATCAR*"]
    let holdsLabels = false

    /// By the title of its first configuration, or an empty line in the place of it, behind the head of a POSCAR.
    func recognises(_ start: String) -> Bool {
        let lines = start.split(maxSplits: 8, omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard lines.count > 8, Self.isHead(lines[1...6]) else { return false }
        return lines[7].hasPrefix("Direct configuration=") || lines[7].allSatisfy(\.isWhitespace)
    }

    /// Scale, three vectors, symbols, and as many counts.
    private static func isHead(_ lines: ArraySlice<Substring>) -> Bool {
        let words = lines.map { $0.words }
        return words[0].count == 1 && Double(words[0][0]) != nil && words[1...3].allSatisfy { $0.count == 3 }
            && words[4].count == words[5].count && !words[5].isEmpty && words[5].allSatisfy { Int($0) != nil }
            && words[4].allSatisfy { $0.first?.isLetter == true }
    }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) -> any StructureReader {
        RunReader(lines, as: XDATCARText(), labels: labels, use: use)
    }
}
