/// A format of structure files: how it is recognised, and its reader.
///
/// A new format is a folder with one of these and a `StructureReader`, and a line in `StructureFormats.all`.
public protocol StructureFormat: Sendable {
    /// As people call it, for example `extended XYZ`.
    var name: String { get }

    /// Patterns of names by which the format is known where the content does not tell, for example `*.xyz`.
    var fileNames: [String] { get }

    /// Whether its files can hold energies, forces or stresses. Where a folder is searched, a file that cannot is
    /// passed over beside one that does.
    var holdsLabels: Bool { get }

    /// Whether a file that begins with this text can be nothing else. The text ends in the middle of a line where the
    /// file goes on.
    func recognises(_ start: String) -> Bool

    /// Whether its files are no text, and so are read by their path.
    var isBinary: Bool { get }

    /// Other files that are read with this one: a search of folders passes over them.
    func companions(of path: String) -> [String]

    /// A reader of the file that `lines` has opened.
    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) throws -> any StructureReader
}

extension StructureFormat {
    public var isBinary: Bool { false }
    public func companions(of path: String) -> [String] { [] }
    public var holdsLabels: Bool { true }
}
