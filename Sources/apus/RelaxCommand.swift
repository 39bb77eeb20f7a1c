import ArgumentParser
import Commands
import Potentials
import Relaxation

struct RelaxCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relax",
        abstract: "Move atoms, and the cell if asked, to the minimum of the energy.",
        discussion: """
              apus relax potential.safetensors start.xyz relaxed.xyz                    atoms in a fixed cell
              apus relax potential.safetensors start.xyz relaxed.xyz --cell             atoms and cell, at zero stress
              apus relax potential.safetensors many.xyz relaxed.xyz --cell --pressure "10 GPa" --keep-symmetry

            All structures of the input are relaxed, small ones side by side, and written in their order to an extended \
            XYZ file with energy, forces, stress and whether they converged. A structure has converged when no force is \
            longer than --fmax and no component of the stress is further than --smax from its target. Those that have \
            not are named on stderr, and the exit code is 1. Forces of a potential in single precision are certain to \
            some 1e-4 eV/Å; add --precision float64 for less. More: Documentation/relaxation.md.
            """)

    @Argument(help: "The potential file.")
    var potential: String

    @Argument(help: "The structures, in any format that `apus convert` reads, or a netCDF trajectory.")
    var input: String

    @Argument(help: "The extended XYZ file that the relaxed structures are written to.")
    var output: String

    @OptionGroup var minimum: MinimumOptions

    @Option(help: "lbfgs or fire.")
    var method = RelaxationSettings.Method.lbfgs

    @Option(help: "The pressure that the cell is relaxed to, for example \"5 GPa\" (GPa unless a unit is given).")
    var pressure: String?

    @Option(
        parsing: .unconditional,
        help: "The stress that it is relaxed to: xx yy zz yz xz xy in GPa, positive in tension.")
    var stress: String?

    @Option(help: "Atoms that stay where they are in the cell, from 1, both ends included: 1-8,10.")
    var fix: String?

    @Flag(help: "Keep the space group that the structure begins with (needs spglib's library).")
    var keepSymmetry = false

    @OptionGroup var symmetry: SymmetryOptions

    @Option(help: "float32 or float64; the potential's own unless given.")
    var precision: Potential.Precision?

    @Flag(help: "Replace the output file if it exists.")
    var overwrite = false

    @Flag(
        help:
            "Print one JSON object: energy (eV), forces (eV/Å), stress (eV/Å³), steps, converged, cell of each structure."
    )
    var json = false

    @OptionGroup var threads: ThreadOptions

    func validate() throws {
    }

    func run() throws {
        var options = RelaxJob.Options()
        options.settings = minimum.settings
        options.settings.method = method
        options.pressure = pressure
        options.stress = stress
        options.fixed = fix
        options.keepsSymmetry = keepSymmetry
        options.symmetryTolerance = symmetry.tolerance
        options.precision = precision
        options.overwrite = overwrite
        options.json = json
        try RelaxJob(
            potential: potential, input: input, output: output, options: options, parallelism: threads.parallelism
        ).run()
    }
}

/// When a structure counts as relaxed, and how its cell may change.
struct MinimumOptions: ParsableArguments {
    @Flag(help: "Relax the cell too.")
    var cell = false

    @Option(
        help: """
            How the cell may change, which implies --cell: full, isotropic (the volume), shape (all but the volume), or \
            diagonal (strains along x, y and z).
            """)
    var cellChange: RelaxationSettings.CellChange?

    @Option(help: "Cartesian axes along which the cell may change, for example xy; all that repeat unless given.")
    var axes: String?

    @Option(help: "The largest force, in eV/Å.")
    var fmax = 0.01

    @Option(help: "The largest deviation of the stress, in GPa.")
    var smax = 0.005

    @Option(help: "Evaluations of a structure at most.")
    var maxSteps = 500

    func validate() throws {
        guard fmax > 0, fmax.isFinite else {
            throw ValidationError("--fmax: expected more than 0 eV/Å, found \(fmax)")
        }
        guard smax > 0, smax.isFinite else {
            throw ValidationError("--smax: expected more than 0 GPa, found \(smax)")
        }
        guard (1...1_000_000).contains(maxSteps) else {
            throw ValidationError("--max-steps: expected 1…1000000, found \(maxSteps)")
        }
        if let axes {
            guard !axes.isEmpty, Set(axes).count == axes.count, axes.allSatisfy("xyz".contains) else {
                throw ValidationError("--axes: expected some of x, y and z, such as xy, found '\(axes)'")
            }
        }
    }

    var settings: RelaxationSettings {
        var settings = RelaxationSettings()
        settings.cellChange = cellChange ?? (cell ? .full : .fixed)
        settings.axes = axes.map { axes in "xyz".map(axes.contains) }
        settings.forceTolerance = fmax
        settings.stressTolerance = smax / RelaxationSettings.gigapascal
        settings.maximumEvaluations = maxSteps
        return settings
    }
}

extension RelaxationSettings.Method: ExpressibleByArgument {}
extension RelaxationSettings.CellChange: ExpressibleByArgument {}
