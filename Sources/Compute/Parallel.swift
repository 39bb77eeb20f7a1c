import Dispatch
import Synchronization

/// How many threads parallel loops may use. One value is passed down from the command line; nothing is global.
public struct Parallelism: Sendable, Equatable {
    public let threads: Int

    public init(threads: Int) {
        precondition(threads >= 1, "expected at least one thread, got \(threads)")
        self.threads = threads
    }

    /// One thread per active core.
    public static var allCores: Parallelism { Parallelism(threads: ProcessorCount.active) }
    public static let serial = Parallelism(threads: 1)

    /// Calls `body(chunk, worker)` once for every chunk index; `worker` is below `threads` and no two running calls
    /// share it, so it may index scratch memory. Which worker runs which chunk is left open: a body may write only
    /// what belongs to its chunk, and then the result cannot depend on the number of threads.
    ///
    /// Every worker begins with consecutive chunks of its own, the same in every loop over as many, so that it finds in
    /// its caches what it wrote before and shares few cache lines with others; who has finished helps the next.
    @inlinable
    public func forEach(chunks: Int, _ body: (_ chunk: Int, _ worker: Int) -> Void) {
        guard threads > 1, chunks > 1 else {
            for chunk in 0..<chunks { body(chunk, 0) }
            return
        }
        let workers = min(threads, chunks)
        withUnsafeTemporaryAllocation(of: Atomic<Int>.self, capacity: workers) { next in
            for worker in 0..<workers {
                (next.baseAddress! + worker).initialize(to: Atomic(chunks * worker / workers))
            }
            nonisolated(unsafe) let next = next
            withoutActuallyEscaping(body) { escapingBody in
                nonisolated(unsafe) let body = escapingBody
                let work: @Sendable (Int) -> Void = { worker in
                    for k in 0..<workers {
                        let owner = (worker + k) % workers
                        let end = chunks * (owner + 1) / workers
                        while true {
                            let chunk = next[owner].wrappingAdd(1, ordering: .relaxed).oldValue
                            if chunk >= end { break }
                            body(chunk, worker)
                        }
                    }
                }
                if !WorkerTeam.shared.run(workers, work) {
                    DispatchQueue.concurrentPerform(iterations: workers, execute: work)
                }
            }
            next.deinitialize()
        }
    }

    /// Calls `body(range, worker)` for consecutive ranges of at most `length` that cover `0..<count`.
    @inlinable
    public func split(_ count: Int, by length: Int, _ body: (_ range: Range<Int>, _ worker: Int) -> Void) {
        forEach(chunks: (count + length - 1) / length) { chunk, worker in
            body(chunk * length..<min(count, (chunk + 1) * length), worker)
        }
    }

    /// Calls `body(range)` for consecutive ranges of at most `length` that cover `0..<count`.
    @inlinable
    public func forEach(_ count: Int, by length: Int, _ body: (Range<Int>) -> Void) {
        split(count, by: length) { range, _ in body(range) }
    }
}
