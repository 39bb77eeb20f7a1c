import Dynamics
import Atoms
import Foundation
import Potentials
import Settings
import Trajectory

/// What `--resume` goes on from: a checkpoint, settings that may have changed since, and files that must be those of
/// the checkpoint.
struct MDContinuation {
    let checkpoint: Checkpoint
    /// Settings that are others than before, one line each.
    private(set) var changes: [String]
    /// What could not be made sure of.
    private(set) var warnings: [String] = []
    private let settings: MDSettings
    /// Of the checkpoint.
    let path: String

    /// Throws when there is no checkpoint, nothing to go on to, or a setting that may not change.
    init(_ settings: MDSettings) throws {
        guard let stream = settings.checkpoint else {
            throw CommandError("--resume needs a checkpoint; expected checkpoint: {every: STEPS, file: NAME}")
        }
        guard FileManager.default.fileExists(atPath: stream.file) else {
            throw CommandError("\(stream.file): no such file; run without --resume to begin")
        }
        checkpoint = try Checkpoint(contentsOf: stream.file)
        self.settings = settings
        path = stream.file
        guard checkpoint.step < settings.steps else {
            throw CommandError(
                "\(path): the run has taken \(checkpoint.step) steps; to go on, raise steps above that, for example --set steps=\(2 * checkpoint.step)"
            )
        }
        changes = []
        guard let before = try earlierSettings() else { return }
        let isNew = settings.trajectory.map { !FileManager.default.fileExists(atPath: $0.stream.file) } ?? true
        changes = try (isNew ? Self.rules : Self.rulesForOneTrajectory).changes(from: before, to: settings.source)
    }

    /// One of several that go on together from a file.
    init(_ settings: MDSettings, _ checkpoint: Checkpoint, of path: String, changes: [String]) {
        (self.settings, self.checkpoint, self.path, self.changes) = (settings, checkpoint, path, changes)
    }

    /// As they were read; as text if this program understands them no more. `nil` in checkpoints of Apus 0.1.
    private func earlierSettings() throws -> Settings? {
        guard !checkpoint.configuration.isEmpty else { return nil }
        let before = try Settings(text: checkpoint.configuration, named: path)
        _ = try? MDSettings(before)
        return before
    }
}

// MARK: - Settings

extension MDContinuation {
    private static let atoms = ContinuationRules.Answer.withoutEffect("the checkpoint holds atoms and velocities")

    private static let constraints = ContinuationRules.Answer.refused(
        "the checkpoint holds constraints and masses; begin another run from its last frame")

    private static let restraints = ContinuationRules.Answer.refused(
        "the checkpoint holds the places of restrained atoms; begin another run from its last frame")

    private static let copies = ContinuationRules.Answer.refused("the checkpoint holds others; begin another run")

    static let rules = ContinuationRules([
        "restraints": restraints, "walls": restraints,
        "steps": .expected, "report_every": .expected, "max_time": .expected,
        // What they come to is compared by `MDPotential.identity`.
        "potential": .expected, "precision": .expected,
        "replicas": copies, "tempering.temperatures": copies, "path_integral.beads": copies,
        "fixed": constraints, "constraints": constraints, "hydrogen_mass": constraints, "structure": atoms,
        "frame": atoms, "supercell": atoms, "velocities": atoms, "remove_rotation": atoms,
    ])

    /// With a trajectory that goes on in the file it has.
    static let rulesForOneTrajectory: ContinuationRules = {
        let other = ContinuationRules.Answer.refused(
            "one file cannot hold both; begin another with --set trajectory.file=NAME")
        return rules.adding([
            "trajectory.wrap": other, "trajectory.precision": other, "trajectory.compression": other,
            "trajectory.velocities": other, "trajectory.forces": other, "trajectory.format": other,
        ])
    }()

    /// Those of the checkpoint; of Apus 0.1, which did not keep them, those of the settings.
    func constraints(_ settings: MDSettings) throws -> Constraints {
        try checkpoint.constraints ?? settings.constraints.constraints(of: checkpoint.structure)
    }

    /// Adds what is other about the potential to `changes`.
    mutating func compare(_ potential: MDPotential) {
        var now = potential.identity(precision: settings.precision)
        // What Apus 0.1 wrote of the settings.
        now["ensemble"] = settings.ensembleDescription
        now["seed"] = "\(settings.seed)"
        changes += now.sorted { $0.key < $1.key }.compactMap { name, value in
            guard let old = checkpoint.settings[name], old != value else { return nil }
            return "\(name): \(old) → \(value)"
        }
    }
}

// MARK: - Files

extension MDContinuation {
    /// Throws when a file is not the one that the checkpoint belongs to, before anything is written.
    mutating func checkFiles(of outputs: MDOutputs, columns: [ThermoQuantity]) throws {
        for file in try outputs.scans(through: checkpoint.step, columns: columns) {
            let found = file.scan.mark
            let exists = FileManager.default.fileExists(atPath: file.path)
            let isRenamed = changes.contains { $0.hasPrefix("\(file.role).file: ") }
            let advice = "bring that file back, or begin a new one with --set \(file.role).file=NAME"
            let reason = file.scan.problem.map { " (\($0))" } ?? ""
            guard let expected = checkpoint.files[file.role] else {
                if !checkpoint.configuration.isEmpty, exists {
                    throw CommandError(
                        "\(file.path): the file exists already and is not of the run that \(path) goes on with; choose another name"
                    )
                }
                if checkpoint.configuration.isEmpty, file.role != "candidates" {
                    warnAboutOldFile(file.path, found, every: file.every, exists: exists, reason: reason)
                }
                continue
            }
            if !exists {
                guard !isRenamed, expected.frames > 0 else { continue }
                throw CommandError(
                    "\(file.path): no such file, but \(path) (step \(checkpoint.step)) goes on behind its \(Written.count(expected.frames, "frame")); \(advice)"
                )
            }
            guard found != expected else { continue }
            let end = found.step.map { "ends at step \($0)" } ?? "has no frames"
            let wanted =
                "\(path) is of step \(checkpoint.step) and goes on behind "
                + (expected.step.map { "\(Written.count(expected.frames, "frame")), the last of step \($0)" }
                    ?? "none")
            if (found.step ?? -1) < (expected.step ?? -1) {
                throw CommandError("\(file.path): \(end)\(reason), but \(wanted); \(advice)")
            }
            throw CommandError(
                "\(file.path): holds another run (\(Written.count(found.frames, "frame")) up to step \(found.step ?? 0)\(energy(found)))\(reason); \(wanted)\(energy(expected)); \(advice)"
            )
        }
    }

    private func energy(_ mark: FrameMark) -> String {
        mark.conservedEnergy.map { ", conserved energy \($0) eV" } ?? ""
    }

    /// Checkpoints of Apus 0.1 do not say what their files held.
    private mutating func warnAboutOldFile(
        _ file: String, _ found: FrameMark, every: Int, exists: Bool, reason: String
    ) {
        let expected = checkpoint.step - checkpoint.step % every
        guard found.step != expected else { return }
        let state = exists ? found.step.map { "ends at step \($0)" } ?? "has no frames" : "is not there"
        warnings.append(
            "\(file): \(state)\(reason), \(path) is of step \(checkpoint.step): frames between them will be missing")
    }
}
