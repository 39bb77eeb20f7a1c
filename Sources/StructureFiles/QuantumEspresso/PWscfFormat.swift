/// The output of Quantum ESPRESSO's pw.x: Documentation/formats.md.
struct PWscfFormat: StructureFormat {
    let name = "Quantum ESPRESSO"
    let fileNames = ["*.pw.out", "*.pwo", "pw.out"]

    /// By the line `Program PWSCF v.7.3 starts on …`; MPI may say something before it.
    func recognises(_ start: String) -> Bool { start.contains("Program PWSCF") }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) -> any StructureReader {
        RunReader(lines, as: PWscfText(), labels: labels, use: use)
    }
}
