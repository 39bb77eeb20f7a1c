import Foundation

/// Checks of a file that is going to be written, before anything is.
enum OutputFile {
    /// The same for all names of one file.
    static func identity(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
    }

    /// Throws when something is there that may not be replaced, or when its folder may not be written to.
    static func check(_ path: String, mayExist: Bool, mayContinue: Bool = false) throws {
        let manager = FileManager.default
        var isFolder: ObjCBool = false
        if manager.fileExists(atPath: path, isDirectory: &isFolder) {
            guard !isFolder.boolValue else {
                throw CommandError("\(path): expected a name for a file, found a folder")
            }
            guard mayExist else {
                throw CommandError(
                    "\(path): the file exists already; choose another name, or add --overwrite\(mayContinue ? ", or --resume to go on" : "")"
                )
            }
            guard manager.isWritableFile(atPath: path) else { throw CommandError("\(path): may not be written") }
        }
        var folder = URL(fileURLWithPath: path).deletingLastPathComponent().standardizedFileURL
        while !manager.fileExists(atPath: folder.path, isDirectory: &isFolder), folder.path != "/" {
            folder.deleteLastPathComponent()
        }
        guard isFolder.boolValue else { throw CommandError("\(path): \(folder.path) is a file, not a folder") }
        guard manager.isWritableFile(atPath: folder.path) else {
            throw CommandError("\(path): the folder \(folder.path) may not be written to")
        }
    }
}
