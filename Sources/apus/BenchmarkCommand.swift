import ArgumentParser
import Commands
import Potentials

struct BenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark",
        abstract: "Measure how fast a potential is on a structure.",
        discussion: """
            Every step moves all atoms at random, updates the neighbours and computes energy, forces and virial, as \
            molecular dynamics does; the time is the median over the steps. The rate counts the operations that the \
            mathematics needs, and is compared with that of matrix products of the same library in the same run. For \
            fair numbers let nothing else run, and unset OPENBLAS_CORETYPE.
            """)

    @Argument(help: "The potential file.")
    var potential: String

    @Argument(help: "The structure: extended XYZ, OUTCAR or POSCAR, also .gz, .xz, .zst, or a netCDF trajectory.")
    var structure: String

    @Option(parsing: .upToNextOption, help: "Copies of the structure along its cell vectors: one number or three.")
    var supercell: [Int] = []

    @Option(help: "Steps to measure.")
    var steps = 30

    @Option(help: "float32 or float64; the potential's own unless given.")
    var precision: Potential.Precision?

    @Option(help: "The Verlet skin in Å.")
    var skin = 0.5

    @Flag(help: "Also print the time of each kind of instruction, in forces and in training.")
    var profile = false

    @Flag(
        help: """
            Also measure steps of molecular dynamics, steps of training (all structures of the file are the batch) and \
            frames of a trajectory; all on one thread and on all threads.
            """)
    var all = false

    @Flag(help: "Print one JSON object.")
    var json = false

    @Option(help: "Write the JSON object to this file too.")
    var save: String?

    @Flag(help: "Replace the file of --save if it exists.")
    var overwrite = false

    @OptionGroup var threading: ThreadOptions

    func validate() throws {
        guard (1...1_000_000).contains(steps) else {
            throw ValidationError("--steps: expected 1…1000000, found \(steps)")
        }
        guard [0, 1, 3].contains(supercell.count), supercell.allSatisfy({ (1...10_000).contains($0) }) else {
            throw ValidationError("--supercell: expected one number of copies or three, found \(supercell)")
        }
        guard (0...10).contains(skin) else { throw ValidationError("--skin: expected 0…10 Å, found \(skin)") }
    }

    func run() throws {
        let copies =
            supercell.isEmpty
            ? [1, 1, 1] : supercell.count == 1 ? [supercell[0], supercell[0], supercell[0]] : supercell
        try BenchmarkJob(
            potential: potential, structure: structure, copies: copies, steps: steps, precision: precision,
            skin: skin, profile: profile, all: all, json: json, save: save, overwrite: overwrite,
            parallelism: threading.parallelism
        ).run()
    }
}
