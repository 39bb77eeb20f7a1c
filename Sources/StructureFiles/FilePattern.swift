import Foundation

/// Lists of files as people write them: names and shell patterns (`*`, `?`, `[…]`, `~`).
public enum FilePattern {
    /// The files that a pattern names, in alphabetical order. Throws a `StructureFileError` when there is none.
    public static func expand(_ pattern: String) throws -> [String] {
        // A name is taken as it stands first, so that brackets in it do no harm.
        if access(pattern, F_OK) == 0 {
            var status = stat()
            guard
                stat(pattern, &status) != 0 || status.st_mode & S_IFMT != S_IFDIR
                    || StructureFormats.folderFormat(of: pattern) != nil
            else {
                throw StructureFileError(
                    file: pattern, message: "is a folder, expected a file or a pattern (\(all(in: pattern)))")
            }
            return [pattern]
        }
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
    public static func expand(_ patterns: [String]) throws -> [String] {
        var seen: Set<String> = []
        return try patterns.flatMap { try expand($0) }.filter { seen.insert($0).inserted }
    }
}
