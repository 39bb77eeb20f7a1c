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

    @OptionGroup var crystal: CrystalOptions

    @Option(help: "How far volumes go on both sides, in percent.")
    var range = 6.0

    @Option(help: "How many volumes.")
    var points = 11

    @Flag(help: "Do not relax the atoms.")
    var noRelax = false

    @Flag(help: "Relax the cell's shape at each volume.")
    var shape = false

    func validate() throws {
        guard (0.1...40).contains(range) else { throw ValidationError("--range: expected 0.1…40 %, found \(range)") }
        guard (5...1000).contains(points) else { throw ValidationError("--points: expected 5…1000, found \(points)") }
        guard !(noRelax && shape) else {
            throw ValidationError("--no-relax and --shape: expected one of them, found both")
        }
    }

    func run() throws {
        var options = EquationOfStateJob.Options()
        options.range = range / 100
        options.points = points
        options.relaxes = !noRelax
        options.relaxesShape = shape
        try EquationOfStateJob(crystal.request, options: options).run()
    }
}
