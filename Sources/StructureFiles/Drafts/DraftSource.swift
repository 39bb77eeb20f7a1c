/// Gives the structures of a file one after another, unchecked: what a format adds to `DraftReader`.
protocol DraftSource {
    var path: String { get }
    /// Where the file is being read, for formats of lines.
    var line: Int? { get }
    var remarks: [String] { get }

    /// The next, or nil after the last. Throws a `FormatProblem`, which the reader completes by frame and line, or a
    /// `StructureFileError` as it stands.
    mutating func next() throws -> StructureDraft?

    /// Reads a compressed file to its end.
    mutating func verifyRest() throws
}

extension DraftSource {
    var line: Int? { nil }
    var remarks: [String] { [] }
    mutating func verifyRest() throws {}
}
