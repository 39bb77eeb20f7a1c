/// Output of Gaussian: Documentation/formats.md.
struct GaussianFormat: StructureFormat {
    let name = "Gaussian"
    let fileNames = ["*gaussian*.log"]

    /// By its first lines.
    func recognises(_ start: String) -> Bool {
        start.contains("Entering Gaussian System, Link 0") || start.contains("This is part of the Gaussian")
    }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) -> any StructureReader {
        RunReader(lines, as: GaussianText(), labels: labels, use: use)
    }
}
