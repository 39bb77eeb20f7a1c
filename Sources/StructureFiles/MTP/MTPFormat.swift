/// Configurations of moment tensor potentials, `.cfg` of MLIP: Documentation/formats.md.
struct MTPFormat: StructureFormat {
    let name = "MTP"
    let fileNames = ["*.cfg"]

    /// By `BEGIN_CFG` in its first line that is not blank.
    func recognises(_ start: String) -> Bool {
        start.drop(while: \.isWhitespace).hasPrefix("BEGIN_CFG")
    }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) -> any StructureReader {
        DraftReader(MTPSource(lines, facts: labels.unstated), labels: labels, use: use)
    }
}
