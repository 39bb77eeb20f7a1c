/// The files of a command, looked at before any is written, so that none is two things at once.
///
///     var plan = OutputPlan(inputs: [configuration, potential])
///     try plan.add(trajectory, existing: .refuse, advice: "choose another name, or add --overwrite")
///     try plan.add(table, existing: .refuse)
///
/// Files are told apart by what names lead to, not by how they are written.
public struct OutputPlan {
    private var roles: [String: String] = [:]

    public init(inputs: [String] = []) { inputs.forEach { add(input: $0) } }

    /// - Parameter role: what it is called in a message.
    public mutating func add(input path: String, as role: String = "an input") {
        for key in Self.keys(path) { roles[key] = role }
    }

    /// Adds an output. Throws when it cannot be written, or is an input or another output.
    public mutating func add(
        _ path: String, existing: OutputFile.Existing, as role: String = "another output",
        advice: String = "choose another name"
    ) throws {
        for key in Self.keys(path) {
            if let other = roles[key] {
                throw OutputError(.takenTwice, path, "expected a file of its own, found the name of \(other)")
            }
        }
        try OutputFile.check(path, existing: existing, advice: advice)
        for key in Self.keys(path) { roles[key] = role }
    }

    /// A file has one resolved name, and may have several by hard links.
    private static func keys(_ path: String) -> [String] {
        let name = FilePath.resolved(path)
        return [name] + (FilePath.status(name).map { ["\($0.st_dev):\($0.st_ino)"] } ?? [])
    }
}
