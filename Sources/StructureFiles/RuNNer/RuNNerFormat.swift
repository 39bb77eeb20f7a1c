/// `input.data` of RuNNer and n2p2: Documentation/formats.md.
struct RuNNerFormat: StructureFormat {
    let name = "RuNNer"
    let fileNames = ["input.data", "*.input.data"]

    /// By `begin`, and behind it `lattice`, `comment` or `atom`.
    func recognises(_ start: String) -> Bool {
        let lines = start.split(maxSplits: 20, whereSeparator: \.isNewline).map {
            $0.split(whereSeparator: \.isWhitespace).first ?? ""
        }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
        return lines.count > 1 && lines[0] == "begin" && ["lattice", "comment", "atom"].contains(lines[1])
    }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) -> any StructureReader {
        DraftReader(RuNNerSource(lines, units: labels.unstated.units), labels: labels, use: use)
    }
}
