import Atoms

/// Reads structures from an extended XYZ file, one frame at a time.
///
/// Errors name file, frame and line. What is accepted and how it is understood is written down in
/// Documentation/formats.md. Files of any format are opened by `StructureFormats`.
public final class ExtendedXYZReader: StructureReader {
    public let path: String
    public let labels: LabelKeys
    private var frames: FrameReader
    private var failure: (any Error)?

    /// Opens the file. Throws when it cannot be opened or read.
    public convenience init(path: String, labels: LabelKeys = LabelKeys(), use: StructureUse = .labels) throws {
        self.init(try LineReader(path: path), labels: labels, use: use)
    }

    init(_ lines: LineReader, labels: LabelKeys, use: StructureUse) {
        path = lines.path
        self.labels = labels
        frames = FrameReader(lines: lines, labels: labels, use: use)
    }

    public var census: LabelCensus { frames.census }

    /// How many bytes of text the frames read so far take.
    public var position: Int { frames.lines.position }

    /// Whether `position` is one in decompressed text rather than in the file.
    public var isCompressed: Bool { frames.lines.isCompressed }

    public func next() throws -> Structure? {
        if let failure { throw failure }
        do {
            return try frames.next()
        } catch {
            failure = error
            throw error
        }
    }

    public func verifyRest() throws {
        if let failure { throw failure }
        do {
            try frames.lines.verifyRest()
        } catch {
            failure = error
            throw error
        }
    }

    /// All structures of a file; throws when one of the `required` labels is in no frame.
    public static func readAll(
        path: String, labels: LabelKeys = LabelKeys(), use: StructureUse = .labels,
        requiring required: [Property] = []
    ) throws -> [Structure] {
        let reader = try ExtendedXYZReader(path: path, labels: labels, use: use)
        let structures = try reader.rest()
        try reader.require(required)
        return structures
    }
}
