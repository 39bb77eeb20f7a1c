import ArgumentParser
import Commands

/// `apus check-data`: what is in DFT data, and what is wrong with them.
struct CheckDataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-data",
        abstract: "Look for mistakes in labelled structures before a potential is trained on them.",
        discussion: """
            Says what each file holds, then looks at all of them together: overlapping atoms, missing and impossible labels, \
            forces that do not add up to zero, outliers, units (by nearest neighbours, by the energies of atoms, and by \
            comparing energy differences of similar structures with the work of forces and stresses), structures that stand \
            there twice, neighbours within the cutoff. Give training and validation files together to find what they share.
            Exit code 1 if something cannot be right. Documentation/data.md explains every check.
            """)

    @Argument(help: "Structure files (extended XYZ or OUTCAR, also .gz, .xz, .zst) or patterns.")
    var data: [String]

    @Option(help: "Cutoff in Å that neighbours are counted within.")
    var cutoff = 5.0

    @OptionGroup var labels: LabelOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard cutoff > 0, cutoff <= 20 else {
            throw ValidationError("--cutoff: expected a length of 0…20 Å, found \(cutoff)")
        }
    }

    func run() throws {
        try CheckDataJob(
            data: data, cutoff: cutoff, labels: try labels.choice, json: json, parallelism: threads.parallelism
        ).run()
    }
}
