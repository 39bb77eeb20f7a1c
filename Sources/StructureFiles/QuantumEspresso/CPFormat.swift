import Foundation

/// A trajectory of Quantum ESPRESSO's cp.x, by its `.pos`: Documentation/formats.md.
struct CPFormat: StructureFormat {
    let name = "cp.x trajectory"
    let fileNames = ["*.pos"]

    /// A step and its time, then a line of three numbers with exponents.
    func recognises(_ start: String) -> Bool {
        let lines = start.split(maxSplits: 3, whereSeparator: \.isNewline)
        guard lines.count > 2 else { return false }
        let head = lines[0].split(separator: " ")
        let row = lines[1].split(separator: " ")
        return head.count == 2 && Int(head[0]) != nil && head[1].contains(".") && Double(head[1]) != nil
            && row.count == 3 && row.allSatisfy { $0.contains("E") && $0.contains(".") && Double($0) != nil }
    }

    func companions(of path: String) -> [String] {
        ["in", "for", "evp", "cel", "str", "vel"].map { CPTrajectory.path(beside: path, ending: $0) }
    }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) throws -> any StructureReader {
        RunReader(lines, as: try CPTrajectory(path: lines.path), labels: labels, use: use)
    }
}
