import Atoms
import Compute
import Dynamics
import Files
import Foundation
import Interactions
import Potentials
import Settings
import Trajectory

/// `apus md` with `replicas` or `tempering`: several runs that are evaluated together.
struct ReplicaJob {
    let job: MDJob
    let settings: ReplicaSettings

    init(_ job: MDJob, _ source: Settings) throws {
        self.job = job
        settings = try ReplicaSettings(source, config: job.config, overrides: job.overrides)
    }

    func run() throws {
        let set = try job.resume ? resumed() : nil
        let step = set?.checkpoints[0].step
        let existing = step.map { ExistingFile.append(after: $0) } ?? (job.overwrite ? .overwrite : .refuse)
        let first = settings.replicas[0]
        let inputs = [job.config, first.start.file] + [first.potential.file].compactMap(\.self)
        var plan = OutputPlan(inputs: inputs)
        for path in [settings.checkpoint?.file, settings.tempering?.file].compactMap(\.self) {
            try plan.add(
                path, existing: existing == .refuse ? .refuse : .replace,
                advice: "choose another name, or add --overwrite, or --resume to go on")
        }
        let outputs = try settings.replicas.map { try MDOutputs($0, inputs: inputs, existing: existing) }
        let potential = try MDPotential(first.potential)
        let changes = try set.map { try self.changes(since: $0) } ?? []
        let starts = try self.starts(set, changes, outputs, potential)
        let interaction = try potential.interaction(precision: first.precision, parallelism: job.parallelism)
        do {
            if case .structure(let structure) = starts[0] { try interaction.check(elements: structure.elements) }
        } catch let error as InteractionError {
            throw CommandError("\(first.start.file): \(error.message) (\(first.potential.name))")
        }
        Interruption.watch()
        var run = try ReplicaRun(
            settings, potential, interaction, starts, outputs, set, changes, parallelism: job.parallelism,
            overwrite: job.overwrite)
        try run.run()
        if let code = Interruption.exitCode { throw CommandExit(code) }
    }

    private func starts(
        _ set: CheckpointSet?, _ changes: [String], _ outputs: [MDOutputs], _ potential: MDPotential
    ) throws -> [MDRun.Start] {
        guard let set else {
            let structure = try settings.replicas[0].start.read()
            return settings.replicas.map { _ in .structure(structure) }
        }
        return try set.checkpoints.indices.map { index in
            var continuation = MDContinuation(
                settings.replicas[index], set.checkpoints[index], of: settings.checkpoint!.file, changes: changes)
            try continuation.checkFiles(
                of: outputs[index],
                columns: settings.replicas[index].columns(isCommittee: potential.isCommittee))
            return .continuation(continuation)
        }
    }

    private func resumed() throws -> CheckpointSet {
        let set = try CheckpointSet.toContinue(settings.checkpoint, steps: settings.replicas[0].steps)
        guard set.checkpoints.count == settings.replicas.count else {
            throw CommandError(
                "\(settings.checkpoint!.file): holds \(Written.count(set.checkpoints.count, "replica")), expected \(settings.replicas.count); their number cannot change"
            )
        }
        return set
    }

    private func changes(since set: CheckpointSet) throws -> [String] {
        let text = set.checkpoints[0].configuration
        guard !text.isEmpty else { return [] }
        let before = try Settings(text: text, named: settings.checkpoint!.file)
        return try MDContinuation.rulesForOneTrajectory.changes(from: before, to: settings.source)
    }
}

extension CheckpointSet {
    /// What `--resume` of several goes on from. Throws when there is none, or nothing to go on to.
    static func toContinue(_ stream: MDSettings.Stream?, steps: Int) throws -> CheckpointSet {
        guard let path = stream?.file else {
            throw CommandError("--resume needs a checkpoint; expected checkpoint: {every: STEPS, file: NAME}")
        }
        guard FileManager.default.fileExists(atPath: path) else {
            throw CommandError("\(path): no such file; run without --resume to begin")
        }
        let set = try CheckpointSet(contentsOf: path)
        let step = set.checkpoints[0].step
        guard step < steps else {
            throw CommandError(
                "\(path): the run has taken \(step) steps; to go on, raise steps above that, for example --set steps=\(2 * step)"
            )
        }
        return set
    }
}
