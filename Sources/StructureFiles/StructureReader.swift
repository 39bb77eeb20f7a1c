import Atoms

/// Reads the structures of a file, one after another.
///
///     let reader = try StructureFormats.open("train.xyz.gz", labels: LabelKeys(energy: "REF_energy"))
///     while let structure = try reader.next() { … }
///     try reader.require([.energy, .forces])
///
/// A structure is read whole or the file is refused with a `StructureFileError` that names the file and the place;
/// after an error every call throws it again. Labels that a structure does not carry are `nil`.
public protocol StructureReader: AnyObject {
    var path: String { get }
    var labels: LabelKeys { get }

    /// The keys, columns and labels of the structures read so far.
    var census: LabelCensus { get }

    /// What people should know about the structures read so far, one sentence each: what was understood although it
    /// could mean something else, and what was left aside.
    var remarks: [String] { get }

    /// The next structure, or nil after the last. Throws on malformed text and on a file without any structure.
    func next() throws -> Structure?

    /// Reads a compressed file to its end, where its checksum stands; does nothing to others. What is read of a
    /// compressed file is certain after this only, or when `next` has returned nil.
    func verifyRest() throws
}

extension StructureReader {
    public var remarks: [String] { [] }

    /// Throws when one of these labels was in none of the structures read so far; the message lists the keys seen.
    public func require(_ required: [Property]) throws {
        try census.require(required, named: labels, in: path)
    }

    /// All structures that are left.
    public func rest() throws -> [Structure] {
        var structures: [Structure] = []
        while let structure = try next() { structures.append(structure) }
        return structures
    }
}
