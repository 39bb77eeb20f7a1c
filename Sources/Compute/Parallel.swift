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

    /// Calls `body` once for every chunk index. Which thread runs which chunk is left open, so a body may write
    /// only what belongs to its chunk; then the result cannot depend on the number of threads.
    @inlinable
    public func forEach(chunks: Int, _ body: (Int) -> Void) {
        guard threads > 1, chunks > 1 else {
            for chunk in 0..<chunks { body(chunk) }
            return
        }
        let next = Atomic<Int>(0)
        withoutActuallyEscaping(body) { escapingBody in
            nonisolated(unsafe) let body = escapingBody
            DispatchQueue.concurrentPerform(iterations: min(threads, chunks)) { _ in
                while true {
                    let chunk = next.wrappingAdd(1, ordering: .relaxed).oldValue
                    if chunk >= chunks { return }
                    body(chunk)
                }
            }
        }
    }

    /// Calls `body` for consecutive ranges of at most `length` that cover `0..<count`.
    @inlinable
    public func forEach(_ count: Int, by length: Int, _ body: (Range<Int>) -> Void) {
        forEach(chunks: (count + length - 1) / length) { chunk in
            body(chunk * length..<min(count, (chunk + 1) * length))
        }
    }
}
