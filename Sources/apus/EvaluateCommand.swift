import ArgumentParser
import Commands
import Potentials

/// `apus evaluate`: the errors of a potential on labelled structures, and its predictions.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Compare a potential with labelled structures, or predict for structures without labels.",
        discussion: """
            Prints the errors of energies, forces and stresses for the labels that the structures have; with several values \
            of config_type also for each. A committee also says how far its members disagree, with --predictions for every \
            atom. With --predictions the structures are written again, in the same order, with the potential's energy, \
            forces and stress; labels stand beside them as REF_energy, REF_forces and REF_stress. Labels are called as in \
            the potential's training unless the options say otherwise.
            """)

    @Argument(help: "The potential file.")
    var potential: String

    @Argument(help: "Files or patterns with the structures: extended XYZ, OUTCAR or POSCAR, also .gz, .xz, .zst.")
    var data: [String]

    @Option(help: "Write the structures with predicted energy, forces and stress to this extended XYZ file.")
    var predictions: String?

    @Flag(help: "Replace the file of predictions if it exists.")
    var overwrite = false

    @OptionGroup var labels: LabelOptions

    @Option(help: "float32 or float64; the potential's own unless given.")
    var precision: Potential.Precision?

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    func run() throws {
        try EvaluateJob(
            potential: potential, data: data, predictions: predictions, overwrite: overwrite,
            labels: try labels.choice,
            precision: precision, json: json, parallelism: threads.parallelism
        ).run()
    }
}

extension Potential.Precision: ExpressibleByArgument {}
