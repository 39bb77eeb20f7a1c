import ArgumentParser
import Commands
import DataSets

/// `apus select`: structures that differ as much as they can, of many.
struct SelectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "select",
        abstract: "Choose structures that differ as much as they can, for labels or a training.",
        discussion: """
            Describes every structure by the power spectrum of its atoms' surroundings, or by what the last layer of a \
            potential makes of them (--potential), averaged by element, and chooses one \
            structure after another: the one farthest from all chosen so far (farthest), or the one with the largest part \
            that these do not span (leverage). Near-duplicates are never chosen. The structures are written in the order of \
            choice, so that the first hundred of them are a choice of a hundred. Labels are not looked at. Input and output \
            are those of apus convert.

              apus select trajectory.xyz -n 200 -o choice.xyz
            """)

    @Argument(help: "Structure files, patterns or folders.")
    var data: [String]

    @Option(name: .customShort("n"), help: "How many structures.")
    var count: Int

    @Option(name: .shortAndLong, help: "The file that is written, in any format of apus convert.")
    var output: String

    @Option(help: "How to choose: farthest or leverage.")
    var by: DiverseChoice.Rule = .farthest

    @Option(help: "A potential whose features describe the structures, in place of power spectra.")
    var potential: String?

    @Option(help: "How far atoms see, in Å; with --potential its own cutoff counts.")
    var cutoff = 5.0

    @Option(help: "Structures nearer to a chosen one than this are near-duplicates; spectra have norms of about 1.")
    var tolerance = 1e-3

    @Option(help: "The format to write: \(ConvertOptions.formatWords); by the name unless given.")
    var format: String?

    @Flag(help: "Replace the file if it exists.")
    var overwrite = false

    @OptionGroup var labels: LabelOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard count > 0 else { throw ValidationError("-n: expected 1 or more, found \(count)") }
        guard cutoff > 0, cutoff <= 20 else {
            throw ValidationError("--cutoff: expected a length of 0…20 Å, found \(cutoff)")
        }
        guard tolerance >= 0 else { throw ValidationError("--tolerance: expected 0 or more, found \(tolerance)") }
    }

    func run() throws {
        try SelectJob(
            inputs: data, output: output, count: count, rule: by, cutoff: cutoff, potential: potential,
            tolerance: tolerance, format: format, overwrites: overwrite, labels: try labels.choice, json: json,
            parallelism: threads.parallelism
        ).run()
    }
}

extension DiverseChoice.Rule: ExpressibleByArgument {}
