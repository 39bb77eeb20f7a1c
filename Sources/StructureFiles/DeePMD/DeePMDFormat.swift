import Foundation

/// Folders of DeePMD-kit: `type.raw` beside `set.000/coord.npy` … or `coord.raw` …: Documentation/formats.md.
struct DeePMDFormat: FolderStructureFormat {
    let name = "DeePMD"

    func recognises(folder: String) -> Bool {
        func has(_ name: String) -> Bool { access("\(folder)/\(name)", F_OK) == 0 }
        return has("type.raw") && (has("coord.raw") || !Self.sets(in: folder).isEmpty)
    }

    func reader(ofFolder folder: String, labels: LabelKeys, use: StructureUse) throws -> any StructureReader {
        do {
            return DraftReader(try DeePMDSource(folder, facts: labels.unstated), labels: labels, use: use)
        } catch let problem as FormatProblem {
            throw StructureFileError(file: folder, message: problem.message)
        }
    }

    /// The folders `set.000`, `set.001`, … in their order.
    static func sets(in folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasPrefix("set.") }.sorted().map { "\(folder)/\($0)" }
            .filter { access("\($0)/coord.npy", F_OK) == 0 }
    }
}
