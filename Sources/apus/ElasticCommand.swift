import ArgumentParser
import Commands

struct ElasticCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "elastic",
        abstract: "Compute the elastic constants of a crystal, and whether it is stable.",
        discussion: """
            The crystal is relaxed (--no-relax: taken as it is) and strained in six ways, forth and back by --strain and \
            by half of it; derivatives of the stress are extrapolated to no strain. Constants are printed with atoms \
            relaxed at each strain and with atoms that follow the strain, 6 × 6 in Voigt's order xx yy zz yz xz xy, in \
            GPa, made symmetric; by how much is said. With spglib's library they are averaged over the crystal's point \
            group. Everything is computed in double precision. More: Documentation/properties.md.
            """)

    @Argument(help: "The potential file.")
    var potential: String

    @Argument(help: "The crystal: extended XYZ or POSCAR, also .gz, .xz, .zst, or a netCDF trajectory.")
    var structure: String

    @Option(help: "The size of the larger strains.")
    var strain = 0.01

    @Flag(help: "Do not relax atoms and cell before.")
    var noRelax = false

    @Option(help: "How far atoms may be from symmetric places, in Å.")
    var symmetryTolerance = 1e-3

    @Option(help: "Which structure of the file, from 1; -1 is the last.")
    var frame = 1

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard (1e-5...0.05).contains(strain) else {
            throw ValidationError("--strain: expected 1e-5…0.05, found \(strain)")
        }
        guard (1e-8...1).contains(symmetryTolerance) else {
            throw ValidationError("--symmetry-tolerance: expected 1e-8…1 Å, found \(symmetryTolerance)")
        }
        guard frame != 0 else { throw ValidationError("--frame: expected 1 or more, or -1 for the last, found 0") }
    }

    func run() throws {
        var options = ElasticJob.Options()
        options.strain = strain
        options.relaxes = !noRelax
        options.symmetryTolerance = symmetryTolerance
        options.frame = frame
        options.json = json
        try ElasticJob(
            potential: potential, structure: structure, options: options, parallelism: threads.parallelism
        ).run()
    }
}
