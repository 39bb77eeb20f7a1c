import ArgumentParser
import Atoms
import Compute
import Dynamics
import Foundation
import Interactions
import Models
import Potentials
import Settings
import Trajectory

struct MDCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "md",
        abstract: "Run molecular dynamics with a potential.",
        discussion: """
            A configuration such as

              potential: run/silicon/potential.safetensors
              structure: start.xyz
              supercell: [3, 3, 3]
              ensemble: {name: langevin, temperature: 300 K, friction: 1 / ps}   # or nve, nose-hoover
              timestep: 1 fs
              steps: 5000
              seed: 1
              thermo: {every: 10, file: thermo.csv}
              trajectory: {every: 10, file: trajectory.nc, velocities: true, forces: true}

            File names are relative to the current folder. Nothing is written before potential, structure and settings \
            are known to be right. Ctrl-C ends the run after the present step with complete files and exit code 130; \
            `apus md CONFIG --resume` goes on from there, to the bit. All keys: Documentation/molecular-dynamics.md.
            """)

    @Argument(help: "The configuration, a YAML file.")
    var config: String

    @Option(name: .customLong("set"), help: "Replace or add a setting: KEY=VALUE. May be given several times.")
    var overrides: [String] = []

    @OptionGroup var threading: ThreadOptions

    @Flag(help: "Replace output files that exist.")
    var overwrite = false

    @Flag(help: "Go on from the checkpoint of a run that ended, up to `steps`, as if it had never stopped.")
    var resume = false

    func validate() throws {
        guard !(overwrite && resume) else {
            throw ValidationError("--resume continues the files that --overwrite would replace; choose one of them.")
        }
    }

    func run() throws {
        let settings = try MDSettings(try Settings(contentsOf: config, overrides: overrides))
        var continuation = resume ? try MDContinuation(settings) : nil
        let existing =
            continuation.map { ExistingFile.append(after: $0.checkpoint.step) } ?? (overwrite ? .overwrite : .refuse)
        let outputs = try MDOutputs(
            settings, inputs: [config, settings.potential, settings.start.file], existing: existing)
        let potential = try Potential(verifying: settings.potential)
        try continuation?.checkFiles(of: outputs, isCommittee: potential.members.count > 1)
        continuation?.compare(potential)
        let structure = try continuation?.checkpoint.structure ?? settings.start.read()
        let interaction = try potential.interaction(
            precision: settings.precision, parallelism: threading.parallelism)
        do {
            try interaction.check(elements: structure.elements)
        } catch let error as InteractionError {
            let file = resume ? settings.checkpoint!.file : settings.start.file
            throw CommandError("\(file): \(error.message) (\(settings.potential))")
        }
        Interruption.watch()
        var run = try MDRun(
            settings, potential, interaction, continuation.map(MDRun.Start.continuation) ?? .structure(structure),
            outputs, parallelism: threading.parallelism)
        try run.run()
        if let code = Interruption.exitCode { throw ExitCode(code) }
    }
}
