import ArgumentParser
import Commands

struct InfoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Say what is in a file: a potential, a trajectory or a data set.",
        discussion: """
            The kind of file is known by its content: safetensors is a potential, netCDF a trajectory, anything that \
            begins with a number of atoms is extended XYZ. The label keys are for data sets.
            """)

    @Argument(help: "The file.")
    var file: String

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var labels: LabelOptions

    func run() throws {
        try InfoJob(
            file: file, json: json, labels: labels.choice
        ).run()
    }
}
