import Foundation

/// Lists of files as people write them: names and shell patterns (`*`, `?`, `[…]`, `~`).
public enum FilePattern {
    /// The files that a pattern names, in alphabetical order. Throws a `StructureFileError` when there is none.
    public static func expand(_ pattern: String) throws -> [String] {
        var result = glob_t()
        defer { globfree(&result) }
        // A name is taken as it stands first, so that brackets in it do no harm.
        if access(pattern, F_OK) == 0 { return [pattern] }
        let status = glob(pattern, GLOB_TILDE, nil, &result)
        let files =
            status == 0
            ? (0..<Int(result.gl_pathc)).compactMap { result.gl_pathv[$0].map { String(cString: $0) } } : []
        guard !files.isEmpty else {
            let isPattern = pattern.contains { "*?[".contains($0) }
            throw StructureFileError(
                file: pattern,
                message: (isPattern ? "expected files that match, found none" : "expected a file, found none")
                    + "; looked from the folder \(FileManager.default.currentDirectoryPath)")
        }
        return files
    }

    /// The files of several patterns, each file once, in the order of the patterns.
    public static func expand(_ patterns: [String]) throws -> [String] {
        var seen: Set<String> = []
        return try patterns.flatMap { try expand($0) }.filter { seen.insert($0).inserted }
    }
}
