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
    let parallelism: Parallelism

    public init(
        config: String, overrides: [String], overwrite: Bool, resume: Bool, parallelism: Parallelism
    ) {
        self.config = config
        self.overrides = overrides
        self.overwrite = overwrite
        self.resume = resume
        self.parallelism = parallelism
    }

    public func run() throws {
        let settings = try MDSettings(try Settings(contentsOf: config, overrides: overrides))
        var continuation = resume ? try MDContinuation(settings) : nil
        let existing =
            continuation.map { ExistingFile.append(after: $0.checkpoint.step) } ?? (overwrite ? .overwrite : .refuse)
        let outputs = try MDOutputs(
            settings, inputs: [config, settings.start.file] + [settings.potential.file].compactMap(\.self),
            existing: existing)
        let potential = try MDPotential(settings.potential)
        try continuation?.checkFiles(of: outputs, isCommittee: potential.isCommittee)
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
        Interruption.watch()
        var run = try MDRun(
            settings, potential, driven, continuation.map(MDRun.Start.continuation) ?? .structure(structure),
            outputs, parallelism: parallelism)
        try run.run()
        if let code = Interruption.exitCode { throw CommandExit(code) }
    }
}
