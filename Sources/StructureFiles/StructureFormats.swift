import Atoms
import Foundation

/// The formats that structures are read from. Every command reads all of them, also compressed.
public enum StructureFormats {
    /// The first that recognises a file reads it.
    public static let all: [any StructureFormat] = [
        // Of codes with plane waves or orbitals in crystals.
        XDATCARFormat(), POSCARFormat(), MLABFormat(), OUTCARFormat(), VasprunFormat(), PWscfFormat(), PWXMLFormat(),
        CPFormat(), AimsFormat(), AbinitFormat(), AbinitHistoryFormat(), CP2KFormat(), CastepFormat(), SiestaFormat(),
        GPAWFormat(), GPAWTextFormat(),
        // Of codes of molecules.
        ORCAFormat(), GaussianFormat(), NWChemFormat(), Psi4Format(),
        // Structures, and collections of them.
        CIFFormat(), PDBFormat(), DumpFormat(), LAMMPSDataFormat(), RuNNerFormat(), MTPFormat(),
        ASETrajectoryFormat(),
        ASEDatabaseFormat(), ASEJSONDatabaseFormat(), NPZFormat(), ConformationsFormat(), PymatgenFormat(),
        ExtendedXYZFormat(),
    ]

    /// For messages: all of them would fill a screen.
    public static let names = "extended XYZ, OUTCAR, POSCAR or another format of Documentation/formats.md"

    /// Opens a file of any format, compressed or not.
    ///
    /// - Parameter labels: the names of labels, for formats where they can be chosen, and what else people say of
    ///   files.
    /// - Throws: `StructureFileError` where the file cannot be read or is of no format that is known.
    public static func open(
        _ path: String, labels: LabelKeys = LabelKeys(), use: StructureUse = .labels
    ) throws -> any StructureReader {
        if let folder = folderFormat(of: path) {
            return try folder.reader(ofFolder: path, labels: labels, use: use)
        }
        let lines = try LineReader(path: path, refusesForeignFiles: false)
        if !isBinary(lines.start), let refusal = ForeignFiles.refusal(of: lines.start) {
            throw StructureFileError(file: path, message: refusal)
        }
        guard let format = format(start: lines.start, path: path) else {
            let line = String(decoding: lines.start.prefix(200).prefix { $0 != 0x0A }, as: UTF8.self)
            throw StructureFileError(
                file: path,
                message: lines.start.isEmpty
                    ? "expected structures (\(names)), found an empty file"
                    : "expected structures (\(names)), found none by content or name; it begins with "
                        + "\"\(line.prefix(60))\"; if it is one of them, give it a name that its format has there, "
                        + "such as *.xyz")
        }
        return try format.reader(of: lines, labels: labels, use: use)
    }

    /// All structures of a file; throws when one of the `required` labels is in none of them.
    public static func readAll(
        _ path: String, labels: LabelKeys = LabelKeys(), use: StructureUse = .labels,
        requiring required: [Property] = []
    ) throws -> [Structure] {
        let reader = try open(path, labels: labels, use: use)
        let structures = try reader.rest()
        try reader.require(required)
        return structures
    }

    /// The format of a file by its content or else its name; nil for what is none of them.
    ///
    /// Throws where the file cannot be read, or a compressed one is damaged.
    public static func format(of path: String) throws -> (any StructureFormat)? {
        let lines = try LineReader(path: path, chunk: 1 << 14, refusesForeignFiles: false)
        guard isBinary(lines.start) || ForeignFiles.refusal(of: lines.start) == nil else { return nil }
        return format(start: lines.start, path: path)
    }

    /// Whether a file that begins so is of a binary format that is read.
    private static func isBinary(_ start: ArraySlice<UInt8>) -> Bool {
        let text = String(decoding: start.prefix(1 << 13), as: UTF8.self)
        return all.contains { $0.isBinary && $0.recognises(text) }
    }

    /// What the format of a file or folder is called; nil for what is of none.
    public static func formatName(of path: String) throws -> String? {
        try folderFormat(of: path)?.name ?? format(of: path)?.name
    }

    static func format(start: ArraySlice<UInt8>, path: String) -> (any StructureFormat)? {
        let text = String(decoding: start.prefix(1 << 13), as: UTF8.self)
        return all.first { $0.recognises(text) } ?? all.first { $0.fits(nameOf: path) }
    }
}

extension StructureFormat {
    /// Whether a file is called as those of the format are; a suffix of compression does not count.
    func fits(nameOf path: String) -> Bool {
        var name = (path as NSString).lastPathComponent
        if let suffix = Compression.allCases.flatMap(\.suffixes).first(where: { name.lowercased().hasSuffix($0) }) {
            name.removeLast(suffix.count)
        }
        return fileNames.contains { fnmatch($0, name, FNM_CASEFOLD) == 0 }
    }
}

/// fnmatch's extension of GNU, which Swift does not see without _GNU_SOURCE.
private let FNM_CASEFOLD: Int32 = 1 << 4
