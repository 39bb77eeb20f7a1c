/// ASE's databases in SQLite, `.db`: Documentation/formats.md.
struct ASEDatabaseFormat: BinaryStructureFormat {
    let name = "ASE database"
    let fileNames = ["*.db"]

    func recognises(_ start: String) -> Bool { start.hasPrefix("SQLite format 3\0") }

    func reader(of file: ByteFile, labels: LabelKeys, use: StructureUse) throws -> any StructureReader {
        DraftReader(try DatabaseSource(file, labels: labels), labels: labels, use: use)
    }
}
