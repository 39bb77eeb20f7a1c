import ArgumentParser
import Commands

struct PhononsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phonons",
        abstract: "Compute the vibrations of a crystal by finite displacements.",
        discussion: """
              apus phonons potential.safetensors si.xyz --supercell 4 --q "0 0 0, 0.5 0 0.5"
              apus phonons potential.safetensors si.xyz --supercell 4 --relax-cell -o phonons

            Atoms of a supercell are displaced forth and back in double precision; with spglib's library those \
            displacements that symmetry gives from others are left out. Wave vectors are fractional, in the reciprocal \
            cell of the structure; frequencies are in THz, imaginary ones negative. With -o the folder gets the bands \
            along the standard path, the density of states and the harmonic thermodynamics as tables, and \
            phonopy_params.yaml, FORCE_SETS and FORCE_CONSTANTS, which phonopy reads. The supercell should be wider than \
            atoms feel one another: take a larger one and compare. More: Documentation/properties.md.
            """)

    @OptionGroup var crystal: CrystalOptions

    @Option(parsing: .upToNextOption, help: "Copies along the cell vectors: one number or three.")
    var supercell: [Int] = [2]

    @Option(help: "How far atoms are displaced, in Å.")
    var displacement = 0.01

    @Option(name: .customLong("q"), parsing: .unconditional, help: "Wave vectors, fractional: \"0 0 0, 0.5 0 0.5\".")
    var q = "0 0 0"

    @Option(parsing: .upToNextOption, help: "The grid for states and thermodynamics: one number or three.")
    var mesh: [Int] = []

    @Option(help: "The width of a frequency in the density of states, in THz.")
    var smearing = 0.1

    @Option(help: "Temperatures in K, FROM:TO:STEP.")
    var temperatures = "0:1000:50"

    @Flag(help: "Relax the atoms before.")
    var relax = false

    @Flag(help: "Relax atoms and cell before.")
    var relaxCell = false

    @Flag(help: "Leave the force constants as they come, without acoustic sum rule and symmetry of exchange.")
    var raw = false

    @OptionGroup var symmetry: SymmetryOptions

    @Option(name: [.customShort("o"), .customLong("output")], help: "The folder for tables and phonopy's files.")
    var output: String?

    @Flag(help: "Replace files of the folder that exist.")
    var overwrite = false

    func validate() throws { _ = try options() }

    private func options() throws -> PhononsJob.Options {
        var options = PhononsJob.Options()
        func three(_ numbers: [Int], _ option: String) throws -> [Int] {
            guard [1, 3].contains(numbers.count), numbers.allSatisfy({ (1...1000).contains($0) }) else {
                throw ValidationError("\(option): expected one number from 1 to 1000 or three, found \(numbers)")
            }
            return numbers.count == 1 ? [numbers[0], numbers[0], numbers[0]] : numbers
        }
        options.supercell = try three(supercell, "--supercell")
        if !mesh.isEmpty { options.mesh = try three(mesh, "--mesh") }
        guard (1e-5...0.5).contains(displacement) else {
            throw ValidationError("--displacement: expected 1e-5…0.5 Å, found \(displacement)")
        }
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
        let range = temperatures.split(separator: ":").map { Double($0) ?? .nan }
        guard range.count == 3, range[0] >= 0, range[1] >= range[0], range[2] > 0, range[1] <= 1e6,
            (range[1] - range[0]) / range[2] <= 100_000
        else { throw ValidationError("--temperatures: expected FROM:TO:STEP in K, found '\(temperatures)'") }
        options.displacement = displacement
        options.smearing = smearing
        options.temperatures = range
        options.relaxes = relax
        options.relaxesCell = relaxCell
        options.isSymmetrized = !raw
        options.symmetryTolerance = symmetry.tolerance
        options.folder = output
        options.overwrite = overwrite
        return options
    }

    func run() throws {
        try PhononsJob(crystal.request, options: try options()).run()
    }
}
