import ArgumentParser

struct InfoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Say what is in a file: a potential, a trajectory or a data set.",
        discussion: """
            The kind of file is known by its content: safetensors is a potential, netCDF a trajectory; what begins \
            with a number of atoms is extended XYZ, what begins like a POSCAR is one, compressed (.gz, .xz, .zst) or not. \
            Where the content does not tell, the name does. The label keys are for data sets.
            """)

    @Argument(help: "The file.")
    var file: String

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var labels: LabelOptions

    func run() throws {
        switch try FileKind(of: file) {
        case .potential:
            let info = try PotentialInfo(of: file)
            try show(info) { $0.lines }
            if !info.verified { throw ExitCode.failure }
        case .trajectory: try show(try TrajectoryInfo(of: file)) { $0.lines }
        case .structures:
            try show(try DataSetInfo(of: file, labels: labels)) { $0.lines }
        case .checkpoint:
            throw CommandError("\(file): is a checkpoint, which is for continuing a run and holds nothing to look at")
        }
    }

    private func show<Info: Encodable>(_ info: Info, lines: (Info) -> [String]) throws {
        if json { return try JSONOutput.print(info) }
        for line in lines(info) { Terminal.print(line) }
    }
}
