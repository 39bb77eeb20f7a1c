import Compute

extension Parallelism {
    /// A thread for each core; processes that mpirun has started on one machine share its cores.
    public static var shared: Parallelism {
        MPI.isPresent
            ? Parallelism(threads: max(1, ProcessorCount.active / max(1, MPI.ranksOnThisMachine))) : .allCores
    }
}
