import Files
import Foundation
import StructureFiles
import Trajectory

/// A file or folder that structures are written to: its format, by a word or by its name, and whether it may be there.
struct ConvertOutput {
    let name: String
    let format: any StructureOutput
    let existing: OutputFile.Existing

    static let formats: [any StructureOutput] = StructureOutputs.all + [NetCDFOutput()]

    /// Throws where the format is not known, or the output cannot be written.
    ///
    /// - Parameter inputs: files that it must not be.
    init(_ name: String, format word: String?, overwrites: Bool, inputs: [String]) throws {
        self.name = name
        format = try Self.format(of: name, word)
        existing = overwrites ? .replace : .refuse
        let advice = "choose another name, or add --overwrite"
        guard format.isFolder else {
            var plan = OutputPlan(inputs: inputs)
            try plan.add(name, existing: existing, advice: advice)
            return
        }
        try OutputPlace.checkFolder(name, existing: existing, advice: advice)
        let folder = FilePath.resolved(name)
        if let inside = inputs.first(where: { FilePath.resolved($0).hasPrefix(folder + "/") }) {
            throw CommandError("\(name): holds an input (\(inside)), which would be replaced; choose another name")
        }
    }

    func writer() throws -> any StructureWriter { try format.writer(name, existing: existing) }

    /// A file's name beside it.
    var scratchName: String { Self.withoutSlash(name) + ".scratch" }

    static func format(of output: String, _ word: String?) throws -> any StructureOutput {
        let words = formats.map(\.word)
        if let word {
            guard let format = formats.first(where: { $0.word == word }) else {
                let hint = nearest(to: word, among: words).map { "; did you mean \($0)?" } ?? ""
                throw CommandError("--format: expected one of \(words.joined(separator: ", ")), found \(word)\(hint)")
            }
            return format
        }
        let name = (withoutSlash(output) as NSString).lastPathComponent.lowercased()
        let known = formats.first { $0.fileNames.contains { fnmatch($0.lowercased(), name, 0) == 0 } }
        guard let known else {
            let examples = formats.map { "\($0.fileNames[0]) (\($0.name))" }.joined(separator: ", ")
            throw CommandError(
                "\(output): expected a name that tells the format to write, \(examples), found another; name the format by --format (\(words.joined(separator: ", ")))"
            )
        }
        return known
    }

    private static func withoutSlash(_ name: String) -> String {
        var name = name
        while name.count > 1, name.hasSuffix("/") { name.removeLast() }
        return name
    }
}
