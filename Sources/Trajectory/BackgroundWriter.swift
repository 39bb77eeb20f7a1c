import Atoms
import Foundation
import Synchronization

/// A writer behind a buffer: `append` returns at once, and a thread of its own brings frames to the file in their
/// order.
///
/// It waits only when the buffer is full, so that nothing is lost and memory has a bound. `mark` counts what was
/// appended; after `synchronize` and `close` all of it is in the file. What goes wrong in the background is thrown by
/// the next call, and nothing more is written then.
public final class BackgroundWriter: TrajectoryWriter, @unchecked Sendable {
    private let writer: any TrajectoryWriter
    private let capacity: Int
    private let queue = DispatchQueue(label: "apus.trajectory")
    private let condition = NSCondition()
    // Guarded by `condition`.
    private var waiting = 0
    private var failure: (any Error)?

    public private(set) var mark: FrameMark

    /// - Parameter capacity: frames that may wait, at least one.
    public init(_ writer: any TrajectoryWriter, capacity: Int) {
        precondition(capacity >= 1, "expected room for at least one frame, got \(capacity)")
        (self.writer, self.capacity) = (writer, capacity)
        mark = writer.mark
    }

    /// Frames for so much memory, between 2 and 64.
    public static func capacity(atoms: Int, bytes: Int = 1 << 28) -> Int {
        // Positions, velocities and forces, each of four numbers in memory.
        min(64, max(2, bytes / max(1, atoms * 3 * 32)))
    }

    public func append(_ frame: Frame) throws {
        condition.lock()
        while waiting >= capacity, failure == nil { condition.wait() }
        if let failure {
            condition.unlock()
            throw failure
        }
        waiting += 1
        condition.unlock()
        queue.async { [self] in write(frame) }
        mark = FrameMark(frames: mark.frames + 1, step: frame.step, conservedEnergy: frame.conservedEnergy)
    }

    /// On the queue.
    private func write(_ frame: Frame) {
        condition.lock()
        let isBroken = failure != nil
        condition.unlock()
        var problem: (any Error)?
        if !isBroken { do { try writer.append(frame) } catch { problem = error } }
        condition.lock()
        waiting -= 1
        if failure == nil { failure = problem }
        condition.broadcast()
        condition.unlock()
    }

    private func drain() throws {
        queue.sync {}
        condition.lock()
        defer { condition.unlock() }
        if let failure { throw failure }
    }

    public func synchronize() throws {
        try drain()
        try writer.synchronize()
        mark = writer.mark
    }

    public func close() throws {
        queue.sync {}
        mark = writer.mark
        try writer.close()
        condition.lock()
        defer { condition.unlock() }
        if let failure { throw failure }
    }
}
