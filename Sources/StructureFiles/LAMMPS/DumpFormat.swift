/// LAMMPS' text dumps (`dump atom`, `dump custom`): Documentation/formats.md.
struct DumpFormat: StructureFormat {
    let name = "LAMMPS dump"
    let fileNames = ["*.lammpstrj", "*.dump", "dump.*"]

    /// By its first line, `ITEM: …`.
    func recognises(_ start: String) -> Bool {
        ["ITEM: TIMESTEP", "ITEM: UNITS", "ITEM: TIME"].contains { start.hasPrefix($0) }
    }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) -> any StructureReader {
        DraftReader(DumpSource(lines, facts: labels.unstated), labels: labels, use: use)
    }
}
