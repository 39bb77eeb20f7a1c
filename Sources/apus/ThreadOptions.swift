import ArgumentParser
import Compute

struct ThreadOptions: ParsableArguments {
    @Option(help: "How many threads to use; one for each core unless given.")
    var threads: Int?

    func validate() throws {
        if let threads, !(1...4096).contains(threads) {
            throw ValidationError("--threads: expected 1…4096, found \(threads)")
        }
    }

    var parallelism: Parallelism {
        if let threads { return Parallelism(threads: threads) }
        // Processes that mpirun has started on one machine share its cores.
        return MPI.isPresent
            ? Parallelism(threads: max(1, ProcessorCount.active / max(1, MPI.ranksOnThisMachine))) : .allCores
    }
}
