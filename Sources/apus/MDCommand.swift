import ArgumentParser
import Commands

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
            are known to be right; --check says what the run would take. Ctrl-C ends the run after the present step with \
            complete files and exit code 130, max_time with exit code 0; \
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

    @Flag(help: "Say what the run would take (memory, time, sizes of files), measured on a few steps; write nothing.")
    var check = false

    @Flag(help: "With --check: as JSON.")
    var json = false

    func validate() throws {
        guard !json || check else { throw ValidationError("--json goes with --check.") }
        guard !(overwrite && resume) else {
            throw ValidationError("--resume continues the files that --overwrite would replace; choose one of them.")
        }
    }

    func run() throws {
        try MDJob(
            config: config, overrides: overrides, overwrite: overwrite, resume: resume, check: check, json: json,
            parallelism: threading.parallelism
        ).run()
    }
}
