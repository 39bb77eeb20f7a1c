import ArgumentParser
import Commands

/// What all commands for properties of structures are told.
struct CrystalOptions: ParsableArguments {
    @Argument(help: "The potential file.")
    var potential: String

    @Argument(help: "The structure, in any format that `apus convert` reads, or a frame of a netCDF trajectory.")
    var structure: String

    @Option(help: "Which structure of the file, from 1; -1 is the last.")
    var frame = 1

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard frame != 0 else { throw ValidationError("--frame: expected 1 or more, or -1 for the last, found 0") }
    }

    var request: PropertyRequest {
        PropertyRequest(
            potential: potential, structure: structure, frame: frame, json: json, parallelism: threads.parallelism)
    }
}

/// How exact a symmetry has to be.
struct SymmetryOptions: ParsableArguments {
    @Option(name: .customLong("symmetry-tolerance"), help: "How far atoms may be from symmetric places, in Å.")
    var tolerance = 1e-3

    func validate() throws {
        guard (1e-8...1).contains(tolerance) else {
            throw ValidationError("--symmetry-tolerance: expected 1e-8…1 Å, found \(tolerance)")
        }
    }
}
