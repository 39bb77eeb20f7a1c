import Compute
import Files
import Foundation
import Synchronization

/// Ctrl-C, SIGTERM and SIGHUP (a terminal that was closed): the first one asks for an end after the present step, the
/// second ends the process at once.
enum Interruption {
    /// What long work asks now and then; see `watch`.
    static let cancellation = Cancellation()
    fileprivate static let received = Atomic<Int32>(0)

    /// From now on signals cancel instead of ending the process. Everything that the handler touches exists before it
    /// runs.
    static func watch() {
        _ = cancellation.isCancelled
        _ = received.load(ordering: .relaxed)
        for number in [SIGINT, SIGTERM, SIGHUP] { ProcessSetup.handle(number, by: interrupt) }
    }

    /// As the shell has it for a process that a signal ended: 130 after Ctrl-C; `nil` when nobody interrupted.
    static var exitCode: Int32? {
        let number = received.load(ordering: .relaxed)
        return number == 0 ? nil : 128 + number
    }
}

private func interrupt(_ number: Int32) {
    if Interruption.received.exchange(number, ordering: .relaxed) != 0 {
        TemporaryFiles.removeAll()
        _exit(128 + number)
    }
    Interruption.cancellation.cancel()
}
