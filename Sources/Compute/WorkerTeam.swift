import CVectors
import Foundation
import Synchronization

/// Threads that help one caller at a time with its loops, and stay awake for a while between them.
///
/// A step of a small system is tens of loops of tens of microseconds. To wake a thread for each costs as much as the
/// loop; a worker that looks for the next one for `patience` before it sleeps begins within a microsecond.
///
/// The caller works too and waits only for workers that have begun: one that another process keeps from its core takes
/// nothing and delays nothing.
@usableFromInline
final class WorkerTeam: Sendable {
    @usableFromInline static let shared = WorkerTeam()

    /// One of the threads.
    private final class Worker: Sendable {
        let index: Int
        let isAsleep = Atomic(false)
        let alarm = DispatchSemaphore(value: 0)

        init(index: Int) { self.index = index }

        /// Wakes the thread if it sleeps, or is about to.
        func wake() {
            guard isAsleep.load(ordering: .sequentiallyConsistent),
                isAsleep.exchange(false, ordering: .acquiringAndReleasing)
            else { return }
            alarm.signal()
        }
    }

    /// The state of the loop in one number: its turn (odd while workers may join), how many workers are asked for,
    /// and how many are at work. Turns begin anew after 2³² of them, which is hours.
    private struct Call {
        var bits: UInt64

        var turn: UInt64 { bits >> 32 }
        var isOpen: Bool { turn & 1 == 1 }
        var wanted: Int { Int(bits >> 16 & 0xffff) }
        var active: Int { Int(bits & 0xffff) }
        var joined: Call { Call(bits: bits + 1) }
        var closed: Call { Call(bits: bits &+ 1 << 32) }

        /// Whether it wants a worker that has been part of the loop of turn `seen`.
        func wants(_ worker: Worker, after seen: UInt64) -> Bool {
            isOpen && turn != seen && worker.index < wanted
        }

        /// The loop after this one, which is over.
        func next(wanted: Int) -> Call { Call(bits: (turn &+ 1) << 32 | UInt64(wanted) << 16) }
    }

    /// Looks at the state of the loop before a thread sleeps: some 50 µs.
    private static let patience = 1000
    /// Of the caller, before it lets others have its core.
    private static let haste = 4000

    private let isTaken = Atomic(false)
    private let call = Atomic<UInt64>(0)
    /// Read by workers that have joined; written while nobody may, by who holds `isTaken`.
    nonisolated(unsafe) private var body: UnsafePointer<(Int) -> Void>?
    /// Written by who holds `isTaken`.
    nonisolated(unsafe) private var workers: [Worker] = []

    /// Calls `body(worker)` at most once for each number below `count` at the same time, and always for 0, which is the
    /// caller's.
    ///
    /// - Returns: whether it did: not while the team helps another caller, or from within a loop.
    @usableFromInline
    func run(_ count: Int, _ body: (Int) -> Void) -> Bool {
        guard !isTaken.exchange(true, ordering: .acquiring) else { return false }
        defer { isTaken.store(false, ordering: .releasing) }
        let wanted = min(count - 1, 0xffff)
        while workers.count < wanted { hire() }
        withoutActuallyEscaping(body) { body in
            withUnsafePointer(to: body) { pointer in
                self.body = pointer
                let now = Call(bits: call.load(ordering: .relaxed)).next(wanted: wanted)
                call.store(now.bits, ordering: .sequentiallyConsistent)
                for worker in workers[..<wanted] { worker.wake() }
                body(0)
                close()
                self.body = nil
            }
        }
        return true
    }

    /// Lets nobody join any more, and waits for those who have.
    private func close() {
        var now = Call(bits: call.load(ordering: .relaxed))
        while true {
            let (done, found) = call.weakCompareExchange(
                expected: now.bits, desired: now.closed.bits, ordering: .acquiringAndReleasing)
            if done { break }
            now = Call(bits: found)
        }
        var looks = 0
        while Call(bits: call.load(ordering: .acquiring)).active > 0 {
            looks += 1
            if looks < Self.haste { apus_pause() } else { apus_yield() }
        }
    }

    private func hire() {
        let worker = Worker(index: workers.count)
        workers.append(worker)
        let thread = Thread { [self] in serve(worker) }
        thread.name = "apus \(worker.index + 1)"
        thread.start()
    }

    /// The life of a thread.
    private func serve(_ worker: Worker) {
        var seen: UInt64 = 0
        while true {
            seen = join(worker, after: seen)
            perform(worker.index + 1)
            call.subtract(1, ordering: .releasing)
        }
    }

    /// The loop's closure is let go of before the worker says that it is done.
    @inline(never)
    private func perform(_ index: Int) { body!.pointee(index) }

    /// Waits for a loop of another turn than `seen` that wants this worker, and joins it.
    private func join(_ worker: Worker, after seen: UInt64) -> UInt64 {
        var looks = 0
        while true {
            let now = Call(bits: call.load(ordering: .acquiring))
            if now.wants(worker, after: seen) {
                if call.compareExchange(
                    expected: now.bits, desired: now.joined.bits, ordering: .acquiring
                ).exchanged {
                    return now.turn
                }
                continue
            }
            looks += 1
            if looks < Self.patience {
                apus_pause()
            } else {
                sleep(worker, after: seen)
                looks = 0
            }
        }
    }

    private func sleep(_ worker: Worker, after seen: UInt64) {
        worker.isAsleep.store(true, ordering: .sequentiallyConsistent)
        let now = Call(bits: call.load(ordering: .sequentiallyConsistent))
        // A loop that began meanwhile may not have seen that this thread wants to sleep.
        if now.wants(worker, after: seen), worker.isAsleep.exchange(false, ordering: .acquiringAndReleasing) {
            return
        }
        worker.alarm.wait()
    }
}
