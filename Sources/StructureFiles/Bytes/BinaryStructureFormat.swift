/// A format of files whose parts stand at places that the file names: known by their first bytes alone, and read at any
/// place. A compressed one is decompressed into memory first.
protocol BinaryStructureFormat: StructureFormat {
    func reader(of file: ByteFile, labels: LabelKeys, use: StructureUse) throws -> any StructureReader
}

extension BinaryStructureFormat {
    var isBinary: Bool { true }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) throws -> any StructureReader {
        let file = try ByteFile(path: lines.path)
        do {
            return try reader(of: file, labels: labels, use: use)
        } catch let problem as FormatProblem {
            throw StructureFileError(file: lines.path, message: problem.message)
        }
    }
}
