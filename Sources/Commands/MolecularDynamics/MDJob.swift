import Atoms
import Compute
import Dynamics
import Foundation
import Interactions
import Models
import Potentials
import Settings
import Trajectory

/// `apus md`: molecular dynamics with a potential.
public struct MDJob {
    let config: String
    let overrides: [String]
    let overwrite: Bool
    let resume: Bool
    /// Say what the run would take and write nothing; `json` for programs.
    let check: Bool
    let json: Bool
    let parallelism: Parallelism

    public init(
        config: String, overrides: [String], overwrite: Bool, resume: Bool, check: Bool = false, json: Bool = false,
        parallelism: Parallelism
    ) {
        self.config = config
        self.overrides = overrides
        self.overwrite = overwrite
        self.resume = resume
        self.check = check
        self.json = json
        self.parallelism = parallelism
    }

    public func run() throws {
        let start = ContinuousClock.now
        let source = try Settings(contentsOf: config, overrides: overrides)
        if ReplicaSettings.areAsked(in: source) {
            try refuseCheck(of: "replicas")
            return try ReplicaJob(self, source).run()
        }
        let settings = try MDSettings(source)
        if let keys = settings.pathIntegral {
            try refuseCheck(of: "path_integral")
            return try PathIntegralJob(job: self, settings: settings, keys: keys).run()
        }
        var continuation = resume ? try MDContinuation(settings) : nil
        let existing =
            continuation.map { ExistingFile.append(after: $0.checkpoint.step) }
            ?? (overwrite || check ? .overwrite : .refuse)
        let outputs = try MDOutputs(
            settings,
            inputs: [config, settings.start.file]
                + [settings.potential.file, settings.biases.input].compactMap(\.self),
            existing: existing)
        let potential = try MDPotential(settings.potential)
        try continuation?.checkFiles(of: outputs, columns: settings.columns(isCommittee: potential.isCommittee))
        continuation?.compare(potential)
        let structure = try continuation?.checkpoint.structure ?? settings.start.read()
        let interaction = try potential.interaction(
            precision: settings.precision, parallelism: parallelism)
        do {
            try interaction.check(elements: structure.elements)
        } catch let error as InteractionError {
            let file = resume ? settings.checkpoint!.file : settings.start.file
            throw CommandError("\(file): \(error.message) (\(settings.potential.name))")
        }
        let driven = settings.heatDriving.map { HeatDrivenInteraction(interaction, field: $0) } ?? interaction
        if check, let input = settings.biases.input {
            throw CommandError(
                "--check: PLUMED (\(input)) writes files of its own as soon as it runs; check without it, and add what it takes"
            )
        }
        Interruption.watch()
        var run = try MDRun(
            settings, potential, driven, continuation.map(MDRun.Start.continuation) ?? .structure(structure),
            outputs, parallelism: parallelism)
        if check {
            let estimate = try MDEstimate(run, of: settings)
            if json { return try JSONOutput.print(estimate) }
            for line in run.introduction + estimate.lines { Terminal.print(line) }
            return
        }
        run.deadline = settings.maxTime.map { start + .seconds($0) }
        try run.run()
        if let code = Interruption.exitCode { throw CommandExit(code) }
    }

    private func refuseCheck(of key: String) throws {
        guard check else { return }
        throw CommandError("--check: expected a run of one structure, found \(key); check one without, and multiply")
    }
}
