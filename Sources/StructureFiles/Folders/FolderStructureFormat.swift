import Foundation

/// A format of folders, each of which is one set of structures.
public protocol FolderStructureFormat: Sendable {
    /// As people call it, for example `DeePMD`.
    var name: String { get }

    func recognises(folder: String) -> Bool
    func reader(ofFolder folder: String, labels: LabelKeys, use: StructureUse) throws -> any StructureReader
}

extension StructureFormats {
    public static let folders: [any FolderStructureFormat] = [DeePMDFormat()]

    /// The format of a folder that is one set of structures; nil for another folder, and for what is none.
    public static func folderFormat(of path: String) -> (any FolderStructureFormat)? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
        return folders.first { $0.recognises(folder: path) }
    }
}
