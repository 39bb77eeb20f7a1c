import ArgumentParser
import Commands
import Potentials
import Relaxation

struct NEBCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "neb",
        abstract: "The path of least energy between two structures, and its barrier.",
        discussion: """
              apus neb potential.safetensors ends.xyz path.xyz --climb             two ends, seven images between them
              apus neb potential.safetensors ends.xyz path.xyz --climb --relax-ends --images 5 --fixed 1-8
              apus neb potential.safetensors path.xyz better.xyz --climb --fmax 0.01

            A nudged elastic band with the improved tangent; with --climb its highest image goes to the saddle point. \
            The input holds the two ends, or a whole path, of the same atoms in the same order and cell; atoms may have \
            left through faces of the cell. The ends should be minima (apus relax, or --relax-ends). All images are \
            evaluated together, and written from end to end with energies, forces and the length of the path. The exit \
            code is 1 where the path has not converged. More: Documentation/relaxation.md.
            """)

    @Argument(help: "The potential file, or a YAML file of classical interactions.")
    var potential: String

    @Argument(help: "The two ends or a whole path: extended XYZ, also .gz, .xz, .zst, or a netCDF trajectory.")
    var input: String

    @Argument(help: "The extended XYZ file that the path is written to.")
    var output: String

    @Option(help: "Images between two ends; 7 unless given.")
    var images: Int?

    @Flag(help: "Let the highest image climb to the saddle point.")
    var climb = false

    @Option(help: "The largest force of the band, in eV/Å.")
    var fmax = 0.05

    @Option(help: "Iterations at most; each evaluates all images once.")
    var maxSteps = 500

    @Option(help: "How images come between two ends: idpp (distances of pairs change evenly) or linear.")
    var interpolation = InitialPath.Interpolation.idpp

    @Flag(help: "Relax the two ends first.")
    var relaxEnds = false

    @Option(
        name: [.long, .customLong("fix")], help: "Atoms that stay where they are, from 1, both ends included: 1-8,10."
    )
    var fixed: String?

    @Option(help: "The spring constant between images, in eV/Å².")
    var spring = 1.0

    @Option(help: "lbfgs or fire.")
    var method = BandSettings.Method.lbfgs

    @Option(help: "float32 or float64; the potential's own unless given.")
    var precision: Potential.Precision?

    @Flag(help: "Replace the output file if it exists.")
    var overwrite = false

    @Flag(
        help:
            "Print one JSON object: converged, barrier_forward_ev, barrier_backward_ev, energies_ev, images and more."
    )
    var json = false

    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard fmax > 0, fmax.isFinite else {
            throw ValidationError("--fmax: expected more than 0 eV/Å, found \(fmax)")
        }
        guard (1...1_000_000).contains(maxSteps) else {
            throw ValidationError("--max-steps: expected 1…1000000, found \(maxSteps)")
        }
        if let images, !(1...1000).contains(images) {
            throw ValidationError("--images: expected 1…1000 between the ends, found \(images)")
        }
        guard (1e-3...1000).contains(spring) else {
            throw ValidationError("--spring: expected 0.001…1000 eV/Å², found \(spring)")
        }
    }

    func run() throws {
        var options = NEBJob.Options()
        options.settings.method = method
        options.settings.forceTolerance = fmax
        options.settings.maximumIterations = maxSteps
        options.settings.climbs = climb
        options.settings.springConstant = spring
        options.images = images
        options.interpolation = interpolation
        options.relaxesEnds = relaxEnds
        options.fixed = fixed
        options.precision = precision
        options.overwrite = overwrite
        options.json = json
        try NEBJob(
            potential: potential, input: input, output: output, options: options, parallelism: threads.parallelism
        ).run()
    }
}

extension BandSettings.Method: ExpressibleByArgument {}
extension InitialPath.Interpolation: ExpressibleByArgument {}
