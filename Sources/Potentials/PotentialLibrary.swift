import Foundation

/// Where potentials are found by name: the current folder, the user's, and beside the program.
public enum PotentialLibrary {
    static let ending = ".safetensors"

    /// In the order in which they are looked through: the current folder, `~/.local/share/apus` (or what
    /// `XDG_DATA_HOME` says), and the program's own, with `potentials` and `../share/apus` beside it.
    public static var folders: [String] {
        var folders = ["."]
        let environment = ProcessInfo.processInfo.environment
        if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") {
            folders.append(data + "/apus")
        } else if let home = environment["HOME"], !home.isEmpty {
            folders.append(home + "/.local/share/apus")
        }
        if let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
            let folder = URL(fileURLWithPath: program).deletingLastPathComponent()
            folders.append(folder.appendingPathComponent("potentials").path)
            folders.append(folder.deletingLastPathComponent().appendingPathComponent("share/apus").path)
        }
        return folders
    }

    /// The file that a name of a potential means: one of that name, or with `.safetensors` behind it in one of the
    /// folders. A name that leads to none is returned as it is, for whoever opens it to say so.
    public static func path(of name: String) -> String {
        let files = FileManager.default
        guard !name.contains("/"), !files.fileExists(atPath: name) else { return name }
        for folder in folders {
            for candidate in [name + ending, name] {
                let path = folder == "." ? candidate : folder + "/" + candidate
                var isFolder: ObjCBool = false
                if files.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue { return path }
            }
        }
        return name
    }

    /// The files of all folders, by name; of two with the same name the first, which the name means.
    public static func files() -> [(name: String, path: String)] {
        var found: [String: String] = [:]
        for folder in folders {
            for file in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            where file.hasSuffix(ending) && !file.hasPrefix(".") {
                let name = String(file.dropLast(ending.count))
                if found[name] == nil { found[name] = folder == "." ? file : folder + "/" + file }
            }
        }
        return found.map { (name: $0.key, path: $0.value) }.sorted { $0.name < $1.name }
    }
}
