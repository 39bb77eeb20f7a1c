import Compute
import Foundation
import Synchronization

/// The other processes of `mpirun` or `srun`, if this is one of several.
public enum Ranks {
    private static let joined = Mutex<MPI?>(nil)

    /// Joins them; `nil` for a process alone.
    static func join() throws -> MPI? {
        guard MPI.isPresent else { return nil }
        let ranks = try MPI()
        joined.withLock { $0 = ranks }
        return ranks
    }

    /// Throws where one command was started several times over, which would write its files several times.
    public static func refuse(for command: String) throws {
        guard MPI.isPresent else { return }
        throw CommandError(
            "this is one of several processes (mpirun, srun), and only apus train divides its work among them: start apus \(command) once; it uses all cores, or as many as --threads says"
        )
    }

    /// What is wrong for all is said by the first process. The others speak if they are still there after a moment:
    /// then it is wrong for them alone.
    public static func letTheFirstSpeak() {
        guard MPI.isPresent, ownRank > 0 else { return }
        // mpirun's way to end them.
        signal(SIGTERM, SIG_DFL)
        sleep(2)
    }

    /// Ends the others, who would wait for this process for ever.
    public static func abort() { joined.withLock { $0 }?.abort() }

    /// Known before they are joined.
    private static var ownRank: Int {
        let environment = ProcessInfo.processInfo.environment
        return ["OMPI_COMM_WORLD_RANK", "PMI_RANK"].compactMap { environment[$0].flatMap { Int($0) } }.first ?? 0
    }
}
