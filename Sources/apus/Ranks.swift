import Compute
import Synchronization

/// The other processes of `mpirun`, if this is one of several.
enum Ranks {
    private static let joined = Mutex<MPI?>(nil)

    /// Joins them; `nil` for a process alone.
    static func join() throws -> MPI? {
        guard MPI.isPresent else { return nil }
        let ranks = try MPI()
        joined.withLock { $0 = ranks }
        return ranks
    }

    /// Ends the others, who would wait for this process for ever.
    static func abort() { joined.withLock { $0 }?.abort() }
}
