import ArgumentParser
import Commands
import Potentials

struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Try what a careful person tries before trusting a potential.",
        discussion: """
              apus validate potential.safetensors crystal.xyz -o validation       then: python -m apus validation validation
              apus validate potential.safetensors --json

            Curves of all pairs of elements (smooth, repulsive at short range), the crystal relaxed with its elastic \
            constants and phonons where one is given, conservation of energy at several timesteps, runs from cold to \
            hot, and speed, each with a verdict: pass, warn or fail. Without a structure the largest reference \
            structure of the potential moves. The exit code is 1 where a check fails. \
            More: Documentation/validate.md.
            """)

    @Argument(help: "The potential file.")
    var potential: String

    @Argument(help: "A structure that the potential is meant for: a crystal (up to 100 atoms), or any other.")
    var structure: String?

    @Option(name: [.customShort("o"), .customLong("output")], help: "The folder for validation.json and tables.")
    var output: String?

    @Option(help: "Temperatures of the runs in K, separated by commas.")
    var temperatures = "100,300,1000,3000"

    @Option(help: "Length of each of these runs in ps; those at constant energy take half of it.")
    var picoseconds = 2.0

    @Option(help: "Atoms of the structure that moves, at least: it is repeated until it has them.")
    var atoms = 64

    @Option(
        parsing: .upToNextOption,
        help: "The supercell for phonons: one number or three; chosen by the cell unless given.")
    var supercell: [Int] = []

    @Option(help: "Which structure of the file, from 1; -1 is the last.")
    var frame = 1

    @Option(help: "Of velocities and noise.")
    var seed: UInt64 = 1

    @Option(help: "float32 or float64 of the runs; the potential's own unless given. All else is in float64.")
    var precision: Potential.Precision?

    @Flag(help: "Replace files that exist.")
    var overwrite = false

    @Flag(help: "Print one JSON object: verdict, checks, dimers, crystal, conservation, survival, speed.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    private var kelvins: [Double?] {
        temperatures.split(separator: ",").map { Double($0.filter { $0 != " " }) }
    }

    func validate() throws {
        guard !kelvins.isEmpty, kelvins.allSatisfy({ $0.map { $0 > 0 && $0 <= 1e5 } ?? false }) else {
            throw ValidationError("--temperatures: expected numbers in K such as 100,300, found '\(temperatures)'")
        }
        guard picoseconds > 0, picoseconds <= 1e6 else {
            throw ValidationError("--picoseconds: expected more than 0, found \(picoseconds)")
        }
        guard (1...1_000_000).contains(atoms) else {
            throw ValidationError("--atoms: expected 1…1000000, found \(atoms)")
        }
        guard [0, 1, 3].contains(supercell.count), supercell.allSatisfy({ (1...100).contains($0) }) else {
            throw ValidationError("--supercell: expected one number or three of 1…100, found \(supercell)")
        }
    }

    func run() throws {
        var options = ValidateJob.Options()
        options.frame = frame
        options.temperatures = kelvins.compactMap(\.self)
        options.picoseconds = picoseconds
        options.atoms = atoms
        options.supercell =
            supercell.isEmpty ? nil : supercell.count == 1 ? Array(repeating: supercell[0], count: 3) : supercell
        options.seed = seed
        options.precision = precision
        options.folder = output
        options.overwrite = overwrite
        options.json = json
        try ValidateJob(
            potential: potential, structure: structure, options: options, parallelism: threads.parallelism
        ).run()
    }
}
