import ArgumentParser
import Commands

struct InfoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Say what is in a file: a potential, a trajectory or a data set.",
        discussion: """
            The kind of file is known by its content: safetensors is a potential, netCDF a trajectory; what begins \
            with a number of atoms is extended XYZ, what begins like a POSCAR is one, compressed (.gz, .xz, .zst) or not. \
            Where the content does not tell, the name does. The label keys are for data sets. With --potentials: the \
            potentials that are found by name, in this folder, in ~/.local/share/apus and beside the program; such a \
            name may stand wherever a potential file does.
            """)

    @Argument(help: "The file.")
    var file: String?

    @Flag(help: "List the potentials that are found by name.")
    var potentials = false

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var labels: LabelOptions

    func validate() throws {
        guard (file == nil) == potentials else {
            throw ValidationError(
                potentials ? "--potentials: expected no file beside it" : "expected a file, or --potentials")
        }
    }

    func run() throws {
        try InfoJob(
            file: file, json: json, labels: try labels.choice
        ).run()
    }
}
