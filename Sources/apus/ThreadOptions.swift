import ArgumentParser
import Commands
import Compute

struct ThreadOptions: ParsableArguments {
    @Option(help: "How many threads to use; one for each core unless given.")
    var threads: Int?

    func validate() throws {
        if let threads, !(1...4096).contains(threads) {
            throw ValidationError("--threads: expected 1…4096, found \(threads)")
        }
    }

    var parallelism: Parallelism { threads.map { Parallelism(threads: $0) } ?? .shared }
}
