/// The output of FHI-aims: Documentation/formats.md.
struct AimsFormat: StructureFormat {
    let name = "FHI-aims"
    let fileNames = ["*aims.out"]

    func recognises(_ start: String) -> Bool { start.contains("Invoking FHI-aims ...") }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) -> any StructureReader {
        RunReader(lines, as: AimsText(), labels: labels, use: use)
    }
}
