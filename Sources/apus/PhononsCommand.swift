import ArgumentParser
import Commands

struct PhononsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phonons",
        abstract: "Compute the vibrations of a crystal.",
        discussion: """
              apus phonons potential.safetensors si.xyz --supercell 4 --q "0 0 0, 0.5 0 0.5"
              apus phonons potential.safetensors si.xyz --supercell 4 --relax-cell -o phonons

            Second derivatives of the energy of a supercell are the potential's own where it has them (--hessian \
            analytic), else differences of forces at atoms displaced forth and back (--hessian differences), in double \
            precision; with spglib's library what symmetry gives is left out. Wave vectors are fractional, in the reciprocal \
            cell of the structure; frequencies are in THz, imaginary ones negative. With -o the folder gets the bands \
            along the standard path, the density of states and the harmonic thermodynamics as tables, and \
            phonopy_params.yaml, FORCE_SETS and FORCE_CONSTANTS, which phonopy reads. The supercell should be wider than \
            atoms feel one another: take a larger one and compare. More: Documentation/properties.md.
            """)

    @OptionGroup var crystal: CrystalOptions

    @OptionGroup var phonons: PhononOptions

    @Option(name: .customLong("q"), parsing: .unconditional, help: "Wave vectors, fractional: \"0 0 0, 0.5 0 0.5\".")
    var q = "0 0 0"

    @Option(help: "The width of a frequency in the density of states, in THz.")
    var smearing = 0.1

    @Flag(help: "Relax the atoms before.")
    var relax = false

    @Flag(help: "Relax atoms and cell before.")
    var relaxCell = false

    @Flag(help: "Leave the force constants as they come, without acoustic sum rule and symmetry of exchange.")
    var raw = false

    @Option(name: [.customShort("o"), .customLong("output")], help: "The folder for tables and phonopy's files.")
    var output: String?

    @Flag(help: "Replace files of the folder that exist.")
    var overwrite = false

    func validate() throws { _ = try options() }

    private func options() throws -> PhononsJob.Options {
        var options = try phonons.options()
        guard (1e-3...100).contains(smearing) else {
            throw ValidationError("--smearing: expected 1e-3…100 THz, found \(smearing)")
        }
        options.points = try q.split(separator: ",").map { part in
            let numbers = part.split(separator: " ").map { Double($0) }
            guard numbers.count == 3, let x = numbers[0], let y = numbers[1], let z = numbers[2],
                x.isFinite, y.isFinite, z.isFinite
            else {
                throw ValidationError(
                    "--q: expected three numbers for each wave vector, such as \"0 0 0, 0.5 0 0.5\", found '\(part)'")
            }
            return SIMD3(x, y, z)
        }
        options.smearing = smearing
        options.relaxes = relax
        options.relaxesCell = relaxCell
        options.isSymmetrized = !raw
        options.folder = output
        options.overwrite = overwrite
        return options
    }

    func run() throws {
        try PhononsJob(crystal.request, options: try options()).run()
    }
}
