import ArgumentParser
import Commands

/// `apus distil`: a small potential that learns from a large one.
struct DistilCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "distil",
        abstract: "Make a small, fast potential of a large one, without DFT.",
        discussion: """
            Makes structures around given ones (rattles, strains, molecular dynamics of the teacher), chooses those that \
            differ and those about which trial students disagree, lets the teacher label them, trains the student as apus \
            train does, and compares both: speed, errors on molecular dynamics that was not learned from, crystals and \
            radial distributions. Documentation/distillation.md lists every key. The smallest configuration that works:

              structures: {from: POSCAR, dynamics: {temperatures: [300 K, 900 K], time: 1 ps, every: 10 fs}}
              choice: {count: 100}
              test: {temperatures: [600 K], time: 1 ps, every: 20 fs}
              student: {model: {r_max: 5.0, num_layers: 2, l_max: 1, num_features: 32}, training: {max_time: 10 min}}
              output: run/distilled

            The student is OUTPUT/student/potential.safetensors, the table OUTPUT/report.txt. What Ctrl-C or a crash has \
            ended goes on with --resume.
            """)

    @Argument(help: "The potential that teaches: one file, which may hold a committee.")
    var teacher: String

    @Argument(help: "The YAML file with the settings.")
    var config: String

    @Option(name: .long, help: "Replace a setting, for example --set choice.count=200. May be given several times.")
    var set: [String] = []

    @Flag(help: "Go on with what was begun in the output folder.")
    var resume = false

    @Flag(help: "Replace what an earlier distillation left in the output folder.")
    var overwrite = false

    @Flag(help: "Print one JSON object, the report.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard !(resume && overwrite) else {
            throw ValidationError("--resume goes on with what --overwrite would replace; choose one of them.")
        }
    }

    func run() throws {
        try DistilJob(
            teacher: teacher, config: config, set: set, resume: resume, overwrite: overwrite, json: json,
            parallelism: threads.parallelism
        ).run()
    }
}
