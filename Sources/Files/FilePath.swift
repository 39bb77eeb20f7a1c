import Foundation

/// Names of files as people write them, and the files that they mean.
public enum FilePath {
    /// With the home folder in the place of `~`: `$HOME`, as in a shell; `~name` is that of another user.
    public static func expanded(_ path: String) -> String {
        guard path.hasPrefix("~") else { return path }
        if path == "~" || path.hasPrefix("~/"), let home = ProcessInfo.processInfo.environment["HOME"], !home.isEmpty
        {
            return home + path.dropFirst()
        }
        return (path as NSString).expandingTildeInPath
    }

    /// The folder that a name lies in; `.` for a name alone.
    public static func folder(of path: String) -> String {
        let folder = (path as NSString).deletingLastPathComponent
        return folder.isEmpty ? "." : folder
    }

    /// The absolute name of the file that is meant, with all links followed: also of links to nothing, and where
    /// folders are still to be made. Two names of one file give the same.
    public static func resolved(_ path: String) -> String { resolved(path, links: 40) }

    private static func resolved(_ path: String, links: Int) -> String {
        if let whole = realpath(path, nil) {
            defer { free(whole) }
            return String(cString: whole)
        }
        let absolute = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        var parts = absolute.split(separator: "/")[...]
        while parts.last == "." { parts = parts.dropLast() }
        guard let name = parts.last else { return "/" }
        let above = "/" + parts.dropLast().joined(separator: "/")
        if name == ".." { return folder(of: resolved(above, links: links)) }
        if links > 0, let destination = try? FileManager.default.destinationOfSymbolicLink(atPath: absolute) {
            return resolved(destination.hasPrefix("/") ? destination : "\(above)/\(destination)", links: links - 1)
        }
        let folder = resolved(above, links: links)
        return folder == "/" ? "/\(name)" : "\(folder)/\(name)"
    }

    /// Makes a folder and those above it.
    public static func makeFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw SystemError(path, while: "making the folder", because: error)
        }
    }

    /// What a name leads to, links followed.
    enum Kind: Equatable {
        case nothing, file, folder
        /// A device, a pipe or a socket, by its name for people.
        case other(String)
    }

    static func status(_ path: String) -> stat? {
        var status = stat()
        return stat(path, &status) == 0 ? status : nil
    }

    static func kind(_ path: String) -> Kind { status(path).map { kind($0) } ?? .nothing }

    static func kind(_ status: stat) -> Kind {
        switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        case S_IFIFO: .other("a pipe")
        case S_IFSOCK: .other("a socket")
        default: .other("a device")
        }
    }
}
