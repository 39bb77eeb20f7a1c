import Synchronization

/// A request to stop at the next good moment, from any thread or a signal handler.
public final class Cancellation: Sendable {
    private let flag = Atomic(false)
    public init() {}
    public func cancel() { flag.store(true, ordering: .relaxed) }
    public var isCancelled: Bool { flag.load(ordering: .relaxed) }
}
