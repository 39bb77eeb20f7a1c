import ArgumentParser
import Commands
import Interactions

struct VibrationsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vibrations",
        abstract: "Compute the vibrations of a molecule.",
        discussion: """
              apus vibrations potential.safetensors molecule.xyz --relax

            Harmonic frequencies in cm⁻¹ (imaginary ones negative) and the zero-point energy, in double precision, \
            without translations and rotations. Of a structure that repeats these are the vibrations of its cell at Γ; \
            apus phonons has those of other waves. More: Documentation/properties.md.
            """)

    @OptionGroup var molecule: CrystalOptions

    @Option(
        help:
            "analytic: by the potential's own second derivatives; differences: of forces at displaced atoms. The former where there are any, unless given."
    )
    var hessian: HessianMethod?

    @Flag(help: "Relax the atoms before.")
    var relax = false

    func run() throws {
        var options = VibrationsJob.Options()
        options.hessian = hessian
        options.relaxes = relax
        try VibrationsJob(molecule.request, options: options).run()
    }
}
