/// Output of Psi4: Documentation/formats.md.
struct Psi4Format: StructureFormat {
    let name = "Psi4"
    let fileNames: [String] = []

    /// By its name and what stands below it.
    func recognises(_ start: String) -> Bool {
        start.contains("Psi4: An Open-Source Ab Initio Electronic Structure Package")
    }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) -> any StructureReader {
        RunReader(lines, as: Psi4Text(), labels: labels, use: use)
    }
}
