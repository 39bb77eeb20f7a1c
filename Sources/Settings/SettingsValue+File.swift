import Files

extension SettingsValue {
    /// The name of a file or folder, with the home folder in the place of `~`.
    public func file() throws -> String {
        let name = try string()
        guard !name.isEmpty else { throw error("expected the name of a file, found none") }
        return FilePath.expanded(name)
    }
}

extension Settings {
    /// The name of a file or folder, with the home folder in the place of `~`. All names of files are read this way.
    public func file(_ key: String) throws -> String { try value(key, expected: "the name of a file").file() }
}
