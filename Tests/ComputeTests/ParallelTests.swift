import Foundation
import Synchronization
import Testing

@testable import Compute

@Suite struct ParallelTests {
    /// How often each chunk was run, and whether two running calls ever shared a worker.
    private final class Ledger: Sendable {
        private let state: Mutex<(runs: [Int], busy: Set<Int>, isShared: Bool)>

        init(chunks: Int) { state = Mutex((Array(repeating: 0, count: chunks), [], false)) }

        func begin(_ chunk: Int, _ worker: Int) {
            state.withLock {
                $0.runs[chunk] += 1
                if !$0.busy.insert(worker).inserted { $0.isShared = true }
            }
        }

        func end(_ worker: Int) { _ = state.withLock { $0.busy.remove(worker) } }
        var runs: [Int] { state.withLock { $0.runs } }
        var isShared: Bool { state.withLock { $0.isShared } }
    }

    private func check(threads: Int, chunks: Int, pause: UInt32 = 0) {
        let ledger = Ledger(chunks: chunks)
        Parallelism(threads: threads).forEach(chunks: chunks) { chunk, worker in
            ledger.begin(chunk, worker)
            if pause > 0 { usleep(pause) }
            ledger.end(worker)
        }
        #expect(ledger.runs == Array(repeating: 1, count: chunks))
        #expect(!ledger.isShared)
    }

    @Test(arguments: [1, 2, 3, 8]) func everyChunkIsRunOnce(threads: Int) {
        for chunks in 0..<40 { check(threads: threads, chunks: chunks) }
        for _ in 0..<2000 { check(threads: threads, chunks: 5) }
        check(threads: threads, chunks: 20, pause: 500)
    }

    /// Threads that have gone to sleep come back.
    @Test func loopsFarApart() {
        for _ in 0..<20 {
            check(threads: 3, chunks: 7, pause: 50)
            usleep(3000)
        }
    }

    /// A loop within a loop, and loops of several callers at the same time.
    @Test func loopsAtTheSameTime() {
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            for _ in 0..<200 { check(threads: 2, chunks: 6) }
        }
        let sum = Atomic(0)
        Parallelism(threads: 4).forEach(chunks: 8) { outer, _ in
            Parallelism(threads: 4).forEach(chunks: 8) { inner, _ in
                sum.add(8 * outer + inner, ordering: .relaxed)
            }
        }
        #expect(sum.load(ordering: .relaxed) == 64 * 63 / 2)
    }
}
