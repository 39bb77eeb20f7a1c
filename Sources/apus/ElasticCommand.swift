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

    @OptionGroup var crystal: CrystalOptions

    @Option(help: "The size of the larger strains.")
    var strain = 0.01

    @Flag(help: "Do not relax atoms and cell before.")
    var noRelax = false

    @OptionGroup var symmetry: SymmetryOptions

    func validate() throws {
        guard (1e-5...0.05).contains(strain) else {
            throw ValidationError("--strain: expected 1e-5…0.05, found \(strain)")
        }
    }

    func run() throws {
        var options = ElasticJob.Options()
        options.strain = strain
        options.relaxes = !noRelax
        options.symmetryTolerance = symmetry.tolerance
        try ElasticJob(crystal.request, options: options).run()
    }
}
