import Atoms
import Compute
import Dynamics
import Foundation
import Interactions
import Potentials
import Settings
import Trajectory

/// `apus md` with `path_integral`.
struct PathIntegralJob {
    let job: MDJob
    let settings: MDSettings
    let keys: PathIntegralKeys

    func run() throws {
        let set = try job.resume ? CheckpointSet.toContinue(settings.checkpoint, steps: settings.steps) : nil
        let existing =
            set.map { ExistingFile.append(after: $0.checkpoints[0].step) } ?? (job.overwrite ? .overwrite : .refuse)
        let inputs = [job.config, settings.start.file] + [settings.potential.file].compactMap(\.self)
        var own = settings
        if keys.trajectory == .beads { own.trajectory = nil }
        let outputs = try MDOutputs(own, inputs: inputs, existing: existing)
        let beads = try beadSettings.map { try MDOutputs($0, inputs: inputs, existing: existing) }
        let potential = try MDPotential(settings.potential)
        var changes: [String] = []
        if let set {
            let path = settings.checkpoint!.file
            changes = try self.changes(since: set.checkpoints[0], path)
            for (index, outputs) in ([outputs] + beads).enumerated() {
                // The first checkpoint holds the marks of the first bead beside those of all.
                let checkpoint = set.checkpoints[max(0, index - 1)]
                var continuation = MDContinuation(
                    index == 0 ? own : beadSettings[index - 1], checkpoint, of: path, changes: changes)
                try continuation.checkFiles(of: outputs, columns: settings.columns(isCommittee: false))
            }
        }
        let structure = try settings.start.read()
        let interaction = try potential.interaction(precision: settings.precision, parallelism: job.parallelism)
        do {
            try interaction.check(elements: structure.elements)
        } catch let error as InteractionError {
            throw CommandError("\(settings.start.file): \(error.message) (\(settings.potential.name))")
        }
        Interruption.watch()
        let simulation = try simulation(structure, set, potential, interaction)
        var run = PathIntegralRun(
            settings: settings, keys: keys, potential: potential, simulation: simulation, outputs: outputs,
            beads: beads, changes: changes)
        try run.run()
        if let code = Interruption.exitCode { throw CommandExit(code) }
    }

    private func simulation(
        _ structure: Structure, _ set: CheckpointSet?, _ potential: MDPotential, _ interaction: any Interaction
    ) throws -> PathIntegral {
        // The column of what is fixed is the file's.
        let constraints = try settings.constraints.constraints(of: structure)
        let masses = try set?.checkpoints[0].masses ?? settings.constraints.masses(of: structure)
        let motion = try Motion(
            of: set?.checkpoints[0].structure ?? structure, masses: masses, constraints: constraints,
            parallelism: job.parallelism)
        let how = try PathIntegralSettings(
            settings.ensemble, beads: keys.beads, damping: keys.damping, timestep: settings.timestep,
            seed: settings.seed)
        let guards = MDRun.guards(settings, potential)
        if let set {
            return try PathIntegral(
                continuing: set, fixed: motion, under: interaction, how, skin: settings.skin, guards: guards,
                cancellation: Interruption.cancellation)
        }
        let simulation = try PathIntegral(
            of: motion, under: interaction, how, skin: settings.skin, guards: guards,
            cancellation: Interruption.cancellation)
        if settings.velocitySource != .zero { try simulation.drawVelocities() }
        return simulation
    }

    /// Of the files of each bead, if they are wanted.
    private var beadSettings: [MDSettings] {
        guard keys.trajectory == .beads, let trajectory = settings.trajectory else { return [] }
        let files = NumberedFiles(count: keys.beads)
        return (0..<keys.beads).map { index in
            var own = settings
            (own.thermo, own.checkpoint, own.candidates) = (nil, nil, nil)
            own.trajectory = trajectory
            own.trajectory!.stream.file = files.name(trajectory.stream.file, index)
            own.trajectory!.topology = trajectory.topology.map { files.name($0, index) }
            return own
        }
    }

    private func changes(since checkpoint: Checkpoint, _ path: String) throws -> [String] {
        guard !checkpoint.configuration.isEmpty else { return [] }
        let before = try Settings(text: checkpoint.configuration, named: path)
        _ = try? MDSettings(before)
        return try MDContinuation.rulesForOneTrajectory.changes(from: before, to: settings.source)
    }
}
