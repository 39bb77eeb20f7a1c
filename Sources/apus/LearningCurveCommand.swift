import ArgumentParser
import Commands

/// `apus learning-curve`: how errors fall with the number of training structures.
struct LearningCurveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "learning-curve",
        abstract: "Train on subsets of several sizes and fit error = a · n^(−β).",
        discussion: """
            Takes the settings of `apus train`. Each size is trained from the beginning, in a folder of its own, on training \
            structures drawn by training.seed: those of a smaller size are among those of a larger, and all are validated \
            with the same structures. All take as many steps as max_epochs gives the largest size.

              apus learning-curve train.yaml --sizes 25,50,100,200

            Writes learning_curve.csv; `python -m apus learning-curve FOLDER` draws it. After Ctrl-C, --resume goes on.
            """)

    @Argument(help: "The YAML file with the settings.")
    var config: String

    @Option(help: "Numbers of training structures, joined by commas.")
    var sizes: String

    @Option(name: .long, help: "Replace a setting, for example --set model.l_max=1. May be given several times.")
    var set: [String] = []

    @Flag(help: "Go on: sizes that have ended are kept, one that was interrupted is resumed.")
    var resume = false

    @Flag(help: "Replace what an earlier run left in the output folders.")
    var overwrite = false

    @Flag(help: "Print one JSON object at the end.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    private func parsedSizes() throws -> [Int] {
        let numbers = try sizes.split(separator: ",").map { text in
            guard let number = Int(text.trimmingCharacters(in: .whitespaces)), (1...1_000_000_000).contains(number)
            else { throw ValidationError("--sizes: expected numbers of 1…1000000000 structures, found \(text)") }
            return number
        }
        guard Set(numbers).count >= 2 else {
            throw ValidationError(
                "--sizes: expected at least two different numbers such as 25,50,100, found \(sizes)")
        }
        return Set(numbers).sorted()
    }

    func validate() throws {
        _ = try parsedSizes()
        guard !(resume && overwrite) else {
            throw ValidationError("--resume goes on from what --overwrite would replace; choose one of them.")
        }
    }

    func run() throws {
        try LearningCurveJob(
            config: config, sizes: parsedSizes(), set: set, resume: resume, overwrite: overwrite, json: json,
            parallelism: threads.parallelism
        ).run()
    }
}
