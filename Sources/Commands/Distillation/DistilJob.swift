import Atoms
import Compute
import Dynamics
import Files
import Foundation
import Interactions
import Potentials
import Settings
import StructureFiles
import Training

/// `apus distil`: a small potential that learns from a large one.
///
/// Structures are made around given ones, those that differ are chosen and labelled by the teacher, trial students tell
/// by their disagreement which others are missing, the student is trained, and both are compared on molecular dynamics
/// that it has not seen.
public struct DistilJob {
    let teacher: String
    let config: String
    let set: [String]
    let resume: Bool
    let overwrite: Bool
    let json: Bool
    let parallelism: Parallelism

    public init(
        teacher: String, config: String, set: [String], resume: Bool, overwrite: Bool, json: Bool,
        parallelism: Parallelism
    ) {
        (self.teacher, self.config, self.set) = (teacher, config, set)
        (self.resume, self.overwrite, self.json) = (resume, overwrite, json)
        self.parallelism = parallelism
    }

    public func run() throws {
        let settings = try DistillationSettings(Settings(contentsOf: config, overrides: set))
        let path = PotentialLibrary.path(of: teacher)
        let potential = try Potential(verifying: path, withEnergiesFor: "apus distil")
        var remarks: [String] = []
        let files = try FilePattern.expand(settings.from, remarks: &remarks)
        let given = try structures(files, potential, settings)
        let folder = DistillationFolder(settings.output)
        let state = DistillationFolder.State(
            teacher: potential.checksum ?? "", structures: try Self.digest(given), settings: settings.texts)
        func check() throws {
            try folder.check(state, resume: resume, overwrite: overwrite, inputs: files + [config, path])
        }
        try check()
        let log = DistillationLog(isQuiet: json)
        let work = Distillation(
            settings: settings, folder: folder, teacher: potential, given: given, log: log, parallelism: parallelism)
        guard work.planned >= settings.count else {
            throw CommandError(
                "\(config): choice.count: expected at most the \(Written.count(work.planned, "structure")) that are made, found \(settings.count)"
            )
        }
        try FilePath.makeFolder(folder.path)
        let lock = try FolderLock(folder.path)
        try check()
        if overwrite { try folder.discard() }
        if !resume { try folder.begin(state) }
        Interruption.watch()
        log.line("teacher     \(teacher): \(PotentialSummary(potential).line)")
        log.line(
            "structures  \(Written.count(given.count, "structure")) of \(files.joined(separator: ", ")), repeated to \(settings.atoms) atoms or more where they repeat"
        )
        for remark in remarks + [lock.warning].compactMap(\.self) { log.warn(remark) }

        try work.makeStructures()
        let labels = try work.chooseAndLabel { try train(folder.trialSettings) }
        try OutputFile.write(settings.training(folder), to: folder.studentSettings)
        log.line("")
        try train(folder.studentSettings)
        let student = OutputFolder(folder.student).potential
        let comparison = DistillationComparison(
            work: work, student: try Potential(verifying: student), parallelism: parallelism)
        let report = try comparison.report(teacher: teacher, student: student, labels)
        try OutputFile.write(try JSONOutput.text(report) + "\n", to: folder.report)
        try OutputFile.write(report.lines.joined(separator: "\n") + "\n", to: folder.table)
        withExtendedLifetime(lock) {}
        if json { return try JSONOutput.print(report) }
        for line in [""] + report.lines { Terminal.print(line) }
        Terminal.print("report      \(folder.table), \(folder.report), \(folder.distributions)")
        Terminal.print("next        apus md md.yaml --set potential=\(student)")
    }

    /// What the files hold, without labels. Throws where the teacher does not know it, or a pressure has nothing to act
    /// on.
    private func structures(
        _ files: [String], _ potential: Potential, _ settings: DistillationSettings
    ) throws -> [Structure] {
        let interaction = try potential.interaction(parallelism: .serial)
        let hasPressure = !settings.test.pressures.isEmpty || settings.dynamics?.pressures.isEmpty == false
        var found: [Structure] = []
        for file in files {
            let source = try StructureSource(file)
            while let next = try source.next() {
                do {
                    try interaction.check(elements: next.elements)
                } catch let error as InteractionError {
                    throw CommandError("\(file): \(error.message) (\(teacher))")
                }
                guard !hasPressure || next.cell?.isFullyPeriodic == true else {
                    throw CommandError(
                        "\(file): expected structures that repeat in all directions, since \(config) has pressures; found one that does not"
                    )
                }
                found.append(Structure(elements: next.elements, positions: next.positions, cell: next.cell))
            }
        }
        guard !found.isEmpty else {
            throw CommandError("\(settings.from.joined(separator: ", ")): holds no structures to begin with")
        }
        return found
    }

    private static func digest(_ structures: [Structure]) throws -> String {
        var hash = SHA256()
        for structure in structures {
            hash.update(Data(try ExtendedXYZWriter.frame(structure, of: "structures.from")))
        }
        return hash.hexadecimal()
    }

    /// Trains as `apus train` does, from the beginning or from where it was; not again where it has ended.
    private func train(_ config: String) throws {
        let settings = try TrainingSettings(Settings(contentsOf: config))
        let resumes = hasCheckpoint(settings)
        if resumes, try hasEnded(settings) { return }
        // One that was killed before its first checkpoint has left a log.
        try TrainJob(
            config: config, resume: resumes, overwrite: !resumes, isQuiet: json, parallelism: parallelism
        ).run()
        if let code = Interruption.exitCode { throw CommandExit(code) }
    }

    private func hasCheckpoint(_ settings: TrainingSettings) -> Bool {
        let folder = OutputFolder(settings.output)
        guard settings.committee.members > 1 else { return DistillationFolder.exists(folder.checkpoint) }
        return folder.content != .nothing
    }

    private func hasEnded(_ settings: TrainingSettings) throws -> Bool {
        guard DistillationFolder.exists(OutputFolder(settings.output).potential) else { return false }
        let preparation = try TrainingPreparation(settings, parallelism: parallelism)
        guard settings.committee.members > 1 else {
            return try TrainingRun(preparation, parallelism: parallelism).hasEnded()
        }
        return try CommitteeTraining(preparation, parallelism: parallelism).whatIsLeft().isEmpty
    }
}

/// What a distillation prints.
struct DistillationLog {
    let isQuiet: Bool
    func line(_ text: String) { if !isQuiet { Terminal.print(text) } }
    func warn(_ text: String) { Terminal.complain("apus: warning: \(text)") }
}
