/// Quantum ESPRESSO's data-file-schema.xml: Documentation/formats.md.
struct PWXMLFormat: StructureFormat {
    let name = "Quantum ESPRESSO XML"
    let fileNames = ["*data-file-schema*.xml"]

    /// By its outermost element.
    func recognises(_ start: String) -> Bool {
        start.drop(while: \.isWhitespace).hasPrefix("<") && start.prefix(2000).contains("<qes:espresso")
    }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) -> any StructureReader {
        RunReader(lines, as: PWXMLText(), labels: labels, use: use)
    }
}
