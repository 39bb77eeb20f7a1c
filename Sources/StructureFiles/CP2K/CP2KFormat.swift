import Foundation

/// The output of CP2K, with the trajectories that it writes beside it: Documentation/formats.md.
struct CP2KFormat: StructureFormat {
    let name = "CP2K"
    let fileNames = ["*.cp2k.out"]

    /// By the lines `CP2K| version string:` and `PROGRAM STARTED`.
    func recognises(_ start: String) -> Bool { start.contains(" CP2K| version string:") }

    /// `PROJECT-pos-1.xyz` and so on, of the project that the output names.
    func companions(of path: String) -> [String] {
        guard let lines = try? LineReader(path: path, chunk: 1 << 14, refusesForeignFiles: false) else { return [] }
        let start = String(decoding: lines.start, as: UTF8.self)
        guard
            let line = start.split(whereSeparator: \.isNewline).first(where: { $0.contains("GLOBAL| Project name") }),
            let project = line.split(separator: " ").last
        else { return [] }
        return CP2KCompanions.Kind.allCases.map {
            CP2KCompanions.path($0, of: String(project), beside: path)
        }
    }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) -> any StructureReader {
        RunReader(lines, as: CP2KText(path: lines.path), labels: labels, use: use)
    }
}
