import ArgumentParser
import Commands
import Potentials

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make a potential file of what another program trained.",
        discussion: """
              pip download --no-deps sevenn==0.13.0 && unzip sevenn-*.whl "*.pth"
              apus import checkpoint_sevennet_0.pth -o sevennet-0.safetensors
              apus import checkpoint_sevennet_mf_0.pth -o mf-0.safetensors --modal PBE

            Reads checkpoints of SevenNet. The file is read as data: nothing of it is executed, and neither PyTorch nor \
            the other program is needed. Energies, forces and stresses are those of the original: its radial networks \
            become splines, with as many knots as a relative error of 3e-8 asks for. Everything else works with the new \
            file as with one that was trained here. More: Documentation/import.md.
            """)

    @Argument(help: "The checkpoint.")
    var file: String

    @Option(name: [.short, .long], help: "The potential file (.safetensors) that is written.")
    var output: String

    @Option(help: "The level of theory, where the checkpoint has several.")
    var modal: String?

    @Option(help: "float32 or float64: in which it is stored, and evaluated unless another is asked for.")
    var precision = Potential.Precision.float32

    @Flag(help: "Replace the output file if it exists.")
    var overwrite = false

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    func run() throws {
        try ImportJob(
            file: file, output: output, modality: modal, precision: precision, overwrite: overwrite, json: json,
            parallelism: threads.parallelism
        ).run()
    }
}
