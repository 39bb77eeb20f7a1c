import Files
import Foundation

/// The structure files of a folder and of all folders in it, known by their content.
///
/// Names that begin with a dot are passed over, and so are, with a remark, files without labels beside files with them
/// (a POSCAR beside its OUTCAR), and OUTCARs beside the vasprun.xml of the same name: they are the same run.
public struct FolderSearch {
    /// In alphabetical order.
    public private(set) var files: [String] = []
    /// What was passed over, and why.
    public private(set) var remarks: [String] = []
    private var seen: Set<String> = []
    private static let deepest = 64

    /// Throws where a folder cannot be read, or there are no structures.
    public init(_ folder: String) throws {
        var folder = folder
        while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
        try search(folder, depth: 0)
        guard !files.isEmpty else {
            throw StructureFileError(
                file: folder,
                message: "expected structure files (\(StructureFormats.names)) in the folder, found none")
        }
    }

    private mutating func search(_ folder: String, depth: Int) throws {
        guard depth < Self.deepest, seen.insert(FilePath.resolved(folder)).inserted else { return }
        guard StructureFormats.folderFormat(of: folder) == nil else {
            files.append(folder)
            return
        }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }.sorted()
        } catch {
            throw SystemError(folder, while: "looking for structure files in it", because: error)
        }
        var found: [(path: String, format: any StructureFormat)] = []
        var folders: [String] = []
        for name in names {
            let path = "\(folder)/\(name)"
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { continue }
            if isFolder.boolValue, StructureFormats.folderFormat(of: path) != nil {
                // A folder that is one set of structures.
                files.append(path)
            } else if isFolder.boolValue {
                folders.append(path)
            } else if FileDigest.isRegular(path), let format = try Self.format(of: path) {
                found.append((path, format))
            }
        }
        take(found)
        for path in folders { try search(path, depth: depth + 1) }
    }

    /// A file that is damaged is passed over, unless it is called as structures are.
    private static func format(of path: String) throws -> (any StructureFormat)? {
        do {
            return try StructureFormats.format(of: path)
        } catch {
            if StructureFormats.all.contains(where: { $0.fits(nameOf: path) }) { throw error }
            return nil
        }
    }

    private mutating func take(_ found: [(path: String, format: any StructureFormat)]) {
        let labelled = found.filter(\.format.holdsLabels).map(\.path)
        let companions = Set(found.flatMap { $0.format.companions(of: $0.path) })
        let runs = Set(found.filter { $0.format.name == "vasprun.xml" }.map { Self.run($0.path) })
        for (path, format) in found where !companions.contains(path) {
            if !format.holdsLabels, let other = labelled.first {
                remarks.append(
                    "\(path): passed over beside \((other as NSString).lastPathComponent): holds no labels")
            } else if format.name == "OUTCAR", runs.contains(Self.run(path)) {
                remarks.append("\(path): passed over: the same run as the vasprun.xml beside it")
            } else {
                files.append(path)
            }
        }
    }

    /// What is left of a name without the words for the kind of file.
    private static func run(_ path: String) -> String {
        var name = (path as NSString).lastPathComponent.lowercased()
        for word in Compression.allCases.flatMap(\.suffixes) where name.hasSuffix(word) {
            name.removeLast(word.count)
        }
        for word in ["vasprun.xml", "vasprun", "outcar", ".xml"] { name = name.replacing(word, with: "") }
        return name
    }
}
