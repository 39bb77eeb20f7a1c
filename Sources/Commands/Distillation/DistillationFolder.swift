import Files
import Foundation
import Settings
import Training

/// The folder of a distillation: its files, and whether what stands there belongs to the same settings.
///
/// Every file is there whole or not at all, and is what the settings and the teacher make of it, so that a run that was
/// killed goes on with the first that is missing.
struct DistillationFolder {
    let path: String

    init(_ path: String) { self.path = path }

    private var state: String { path + "/distil.json" }
    /// What was made, chosen and labelled, piece by piece.
    private var pieces: String { path + "/pieces" }
    func piece(_ name: String) -> String { "\(pieces)/\(name).xyz" }
    var training: String { path + "/training.xyz" }
    var student: String { path + "/student" }
    var studentSettings: String { path + "/student.yaml" }
    var trialStructures: String { path + "/trials.xyz" }
    var trials: String { path + "/trials" }
    var trialSettings: String { path + "/trials.yaml" }
    var report: String { path + "/report.json" }
    var table: String { path + "/report.txt" }
    var distributions: String { path + "/rdf.csv" }

    private var ownFiles: [String] {
        [state, training, studentSettings, trialStructures, trialSettings, report, table, distributions]
    }

    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
    private var isBegun: Bool { Self.exists(state) }
    private var pieceFiles: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: pieces)) ?? []
        return names.filter { $0.hasSuffix(".xyz") }.map { "\(pieces)/\($0)" }
    }
    private var isEmpty: Bool {
        pieceFiles.isEmpty && [student, trials].allSatisfy { OutputFolder($0).content == .nothing }
    }

    /// What everything before the training depends on.
    struct State: Codable, Equatable {
        /// SHA-256
        var teacher, structures: String
        /// YAML by section.
        var settings: [String: String]
    }

    /// Looks at what stands there before anything is written.
    ///
    /// - Throws: where something does and is not to be replaced or continued, or belongs to other settings.
    func check(_ wanted: State, resume: Bool, overwrite: Bool, inputs: [String]) throws {
        var plan = OutputPlan(inputs: inputs)
        for file in ownFiles {
            try plan.add(
                file, existing: resume || overwrite ? .replace : .refuse,
                advice: "go on with --resume, replace it with --overwrite, or choose another output")
        }
        guard resume else {
            // They would be taken for those that are made now, whatever they were made by.
            guard overwrite || isEmpty else {
                throw CommandError(
                    "\(path): holds pieces of a distillation without its distil.json; replace them with --overwrite, or choose another output"
                )
            }
            return
        }
        guard isBegun else {
            throw CommandError("\(path): holds no distillation to resume; begin one without --resume")
        }
        let found: State
        do {
            found = try JSONDecoder().decode(State.self, from: Data(contentsOf: URL(fileURLWithPath: state)))
        } catch {
            throw CommandError("\(state): is damaged, expected what `apus distil` wrote; begin anew with --overwrite")
        }
        func refuse(_ what: String) -> CommandError {
            CommandError("\(path): belongs to \(what); choose another output, or begin anew with --overwrite")
        }
        if found.teacher != wanted.teacher { throw refuse("another teacher") }
        if found.structures != wanted.structures { throw refuse("other structures under structures.from") }
        for (name, text) in wanted.settings.sorted(by: { $0.key < $1.key }) where found.settings[name] != text {
            throw refuse("other settings of the section \(name)")
        }
    }

    /// Begins: makes the folder and says what it belongs to.
    func begin(_ state: State) throws {
        try FilePath.makeFolder(pieces)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try OutputFile.write(encoder.encode(state), to: self.state)
    }

    /// Removes what an earlier distillation wrote, and nothing else.
    func discard() throws {
        for training in [student, trials] where Self.exists(training) {
            try OutputFolder(training).discard()
            rmdir(training)
        }
        for file in pieceFiles + ownFiles where Self.exists(file) {
            guard unlink(file) == 0 else { throw SystemError(file, while: "replacing it") }
        }
        rmdir(pieces)
    }
}
