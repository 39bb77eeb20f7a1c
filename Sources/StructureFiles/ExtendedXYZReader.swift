import Atoms

/// Reads structures from an extended XYZ file, one frame at a time.
///
///     let reader = try ExtendedXYZReader(path: "train.xyz", labels: LabelKeys(energy: "REF_energy"))
///     while let structure = try reader.next() { … }
///     try reader.require([.energy, .forces])
///
/// A frame is read whole or the file is refused with a `StructureFileError` that names file, frame and line; after
/// an error every call throws it again. Labels that a frame does not carry are `nil`. What is accepted and how it is
/// understood is written down in Documentation/formats.md.
public final class ExtendedXYZReader {
    /// What the structures are read for.
    public enum Use: Sendable {
        /// Training and testing: labels are read, and must be finite numbers.
        case labels
        /// Starting a simulation or an evaluation: energy, forces and stress in the file are left aside, whatever
        /// they are. Velocities and masses are read.
        case structureOnly
    }

    public let path: String
    public let labels: LabelKeys
    private var frames: FrameReader
    private var failure: (any Error)?

    /// Opens the file. Throws when it cannot be opened or read.
    public init(path: String, labels: LabelKeys = LabelKeys(), use: Use = .labels) throws {
        self.path = path
        self.labels = labels
        frames = FrameReader(lines: try LineReader(path: path), path: path, labels: labels, use: use)
    }

    /// The keys, columns and labels of the frames read so far.
    public var census: LabelCensus { frames.census }

    /// How many bytes of the file the frames read so far take.
    public var position: Int { frames.lines.position }

    /// The next structure, or nil after the last. Throws on a malformed frame and on a file without any frame.
    public func next() throws -> Structure? {
        if let failure { throw failure }
        do {
            return try frames.next()
        } catch {
            failure = error
            throw error
        }
    }

    /// Throws when one of these labels was in none of the frames read so far; the message lists the keys seen.
    public func require(_ required: [Label]) throws {
        try census.require(required, named: labels, in: path)
    }

    /// All structures of a file; throws when one of the `required` labels is in no frame.
    public static func readAll(
        path: String, labels: LabelKeys = LabelKeys(), use: Use = .labels, requiring required: [Label] = []
    ) throws -> [Structure] {
        let reader = try ExtendedXYZReader(path: path, labels: labels, use: use)
        var structures: [Structure] = []
        while let structure = try reader.next() { structures.append(structure) }
        try reader.require(required)
        return structures
    }
}
