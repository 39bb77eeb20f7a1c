import ArgumentParser
import Commands

/// `apus train`: from DFT data to a potential.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a potential on energies, forces and stresses.",
        discussion: """
            Reads a YAML file (Documentation/training.md lists every key). The smallest one that works:

              data: {train: silicon.xyz, validation: 0.1}
              model: {r_max: 5.0, num_layers: 3, l_max: 1, num_features: 32}
              training: {max_time: 10 min}
              output: run/silicon

            Writes to the output folder, after every epoch and each file whole or not at all: potential.safetensors (that of \
            the lowest validation loss so far; training.keep chooses otherwise), checkpoint.safetensors (to go on with \
            --resume), metrics.csv and TensorBoard's events; train.log as it goes, and at the end validation.xyz with \
            predictions beside labels. `python -m apus report` makes a page with pictures of it.
            Ctrl-C ends after the present batch; what was reached is kept. `mpirun -n N apus train …` shares every batch \
            among N processes (OpenMPI).
            """)

    @Argument(help: "The YAML file with the settings.")
    var config: String

    @Option(name: .long, help: "Replace a setting, for example --set model.l_max=1. May be given several times.")
    var set: [String] = []

    @Flag(help: "Go on from the checkpoint in the output folder.")
    var resume = false

    @Flag(help: "Replace what an earlier training left in the output folder.")
    var overwrite = false

    @Option(help: "Train only this member of a committee, from 1: for members on several machines.")
    var member: Int?

    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard !(resume && overwrite) else {
            throw ValidationError("--resume goes on from what --overwrite would replace; choose one of them.")
        }
    }

    func run() throws {
        try TrainJob(
            config: config, set: set, resume: resume, overwrite: overwrite, member: member,
            parallelism: threads.parallelism
        ).run()
    }
}
