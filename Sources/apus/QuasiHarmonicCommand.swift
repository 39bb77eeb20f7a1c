import ArgumentParser
import Atoms
import Commands

struct QuasiHarmonicCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qha",
        abstract: "Compute thermal expansion and heat capacities of a crystal from its phonons.",
        discussion: """
              apus qha potential.safetensors si.xyz --supercell 4 --temperatures 0:1000:100

            The quasi-harmonic approximation: the crystal is relaxed, and at --points volumes around the minimum of its \
            energy its atoms are relaxed (--shape: the cell's shape too) and its phonons computed. At each temperature the \
            minimum of the free energy gives volume, bulk modulus, thermal expansion, heat capacities at constant volume \
            and pressure, and Grüneisen's parameter. More: Documentation/properties.md.
            """)

    @OptionGroup var crystal: CrystalOptions

    @OptionGroup var phonons: PhononOptions

    @Option(help: "How far volumes go below that at the minimum of the energy, in percent.")
    var compress = 4.0

    @Option(help: "How far they go above, in percent.")
    var expand = 8.0

    @Option(help: "How many volumes.")
    var points = 9

    @Flag(help: "Relax the cell's shape at each volume.")
    var shape = false

    @Option(help: "The pressure, in GPa.")
    var pressure = 0.0

    @Option(name: [.customShort("o"), .customLong("output")], help: "A table (CSV).")
    var output: String?

    @Flag(help: "Replace the table if it exists.")
    var overwrite = false

    func validate() throws {
        guard (0...40).contains(compress), (0...80).contains(expand), compress + expand > 0.1 else {
            throw ValidationError("--compress, --expand: expected 0…40 and 0…80 %, found \(compress) and \(expand)")
        }
        guard (5...100).contains(points) else { throw ValidationError("--points: expected 5…100, found \(points)") }
        guard abs(pressure) <= 1000 else {
            throw ValidationError("--pressure: expected -1000…1000 GPa, found \(pressure)")
        }
    }

    func run() throws {
        var options = QuasiHarmonicJob.Options()
        options.phonons = try phonons.options()
        options.phonons.overwrite = overwrite
        options.compression = compress / 100
        options.expansion = expand / 100
        options.points = points
        options.relaxesShape = shape
        options.pressure = pressure / Units.gigapascal
        options.file = output
        try QuasiHarmonicJob(crystal.request, options: options).run()
    }
}
