/// Output of NWChem with Gaussian bases: Documentation/formats.md.
struct NWChemFormat: StructureFormat {
    let name = "NWChem"
    let fileNames: [String] = []

    /// By its name, which stands in the first lines, or behind what the processes say.
    func recognises(_ start: String) -> Bool {
        start.contains("Northwest Computational Chemistry Package (NWChem)")
            || start.contains("argument  1 = ") && start.contains("Echo of input deck")
            || start.contains("NWChem Input Module")
    }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) -> any StructureReader {
        RunReader(lines, as: NWChemText(), labels: labels, use: use)
    }
}
