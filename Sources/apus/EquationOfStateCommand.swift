import ArgumentParser
import Commands

struct EquationOfStateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eos",
        abstract: "Fit energies against volumes: equilibrium volume, bulk modulus and its derivative.",
        discussion: """
            The crystal is evaluated at volumes around the minimum of its energy, its atoms relaxed at each (--no-relax: \
            scaled only; --shape: the cell's shape too, for what is not cubic), and Birch and Murnaghan's equation of \
            third order is fitted by least squares. The volumes find the minimum themselves. Everything is computed in \
            double precision. More: Documentation/properties.md.
            """)

    @Argument(help: "The potential file.")
    var potential: String

    @Argument(help: "The crystal: extended XYZ or POSCAR, also .gz, .xz, .zst, or a netCDF trajectory.")
    var structure: String

    @Option(help: "How far volumes go on both sides, in percent.")
    var range = 6.0

    @Option(help: "How many volumes.")
    var points = 11

    @Flag(help: "Do not relax the atoms.")
    var noRelax = false

    @Flag(help: "Relax the cell's shape at each volume.")
    var shape = false

    @Option(help: "Which structure of the file, from 1; -1 is the last.")
    var frame = 1

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard (0.1...40).contains(range) else { throw ValidationError("--range: expected 0.1…40 %, found \(range)") }
        guard (5...1000).contains(points) else { throw ValidationError("--points: expected 5…1000, found \(points)") }
        guard !(noRelax && shape) else {
            throw ValidationError("--no-relax and --shape: expected one of them, found both")
        }
        guard frame != 0 else { throw ValidationError("--frame: expected 1 or more, or -1 for the last, found 0") }
    }

    func run() throws {
        var options = EquationOfStateJob.Options()
        options.range = range / 100
        options.points = points
        options.relaxes = !noRelax
        options.relaxesShape = shape
        options.frame = frame
        options.json = json
        try EquationOfStateJob(
            potential: potential, structure: structure, options: options, parallelism: threads.parallelism
        ).run()
    }
}
