import Foundation

/// Lists of files as people write them: names, shell patterns (`*`, `?`, `[…]`, `~`), and folders, which stand for all
/// structure files in them and below (`FolderSearch`).
public enum FilePattern {
    /// The files that a pattern names, in alphabetical order. Throws a `StructureFileError` when there is none.
    ///
    /// - Parameter remarks: gets what was passed over in folders, for people.
    public static func expand(_ pattern: String, remarks: inout [String]) throws -> [String] {
        // A name is taken as it stands first, so that brackets in it do no harm.
        let names = access(pattern, F_OK) == 0 ? [pattern] : try names(matching: pattern)
        return try names.flatMap { name in
            guard isFolder(name), StructureFormats.folderFormat(of: name) == nil else { return [name] }
            let search = try FolderSearch(name)
            remarks += search.remarks
            return search.files
        }
    }

    public static func expand(_ pattern: String) throws -> [String] {
        var remarks: [String] = []
        return try expand(pattern, remarks: &remarks)
    }

    /// Whether a name is that of a single file, which is there or not, and no folder or pattern.
    public static func isOneFile(_ name: String) throws -> Bool {
        if access(name, F_OK) == 0 { return !isFolder(name) }
        return !name.contains { "*?[".contains($0) }
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func names(matching pattern: String) throws -> [String] {
        let reason = errno
        var result = glob_t()
        defer { globfree(&result) }
        let status = glob(pattern, GLOB_TILDE | GLOB_ERR, nil, &result)
        let isPattern = pattern.contains { "*?[".contains($0) }
        switch status {
        case 0: break
        case GLOB_NOMATCH:
            // What is there but may not be looked at is not missing.
            let cause = !isPattern && reason != ENOENT ? ": \(String(cString: strerror(reason)))" : ""
            throw StructureFileError(
                file: pattern,
                message: (isPattern ? "expected files that match, found none" : "expected a file, found none\(cause)")
                    + "; looked from the folder \(FileManager.default.currentDirectoryPath)")
        default:
            throw StructureFileError(
                file: pattern,
                message:
                    "a folder on the way cannot be read: \(String(cString: strerror(errno))); check its permissions")
        }
        return (0..<Int(result.gl_pathc)).compactMap { result.gl_pathv[$0].map { String(cString: $0) } }
    }

    /// The pattern for everything in a folder that looks like extended XYZ.
    static func all(in folder: String) -> String { folder.hasSuffix("/") ? "\(folder)*.xyz" : "\(folder)/*.xyz" }

    /// The files of several patterns, each file once, in the order of the patterns.
    ///
    /// - Parameter remarks: gets what was passed over in folders, for people.
    public static func expand(_ patterns: [String], remarks: inout [String]) throws -> [String] {
        var seen: Set<String> = []
        var paths: [String] = []
        for pattern in patterns { paths += try expand(pattern, remarks: &remarks) }
        return paths.filter { seen.insert($0).inserted }
    }

    public static func expand(_ patterns: [String]) throws -> [String] {
        var remarks: [String] = []
        return try expand(patterns, remarks: &remarks)
    }
}
