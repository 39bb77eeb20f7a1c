import Files
import Foundation

/// What a process needs before anything else, whoever started it and however.
public enum ProcessSetup {
    public static func begin() {
        openMissingDescriptors()
        // A write that fails says so, and is reported; the signal would end the process in the midst of other files.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        TemporaryFiles.prepare()
        for number in [SIGINT, SIGTERM, SIGHUP] { handle(number, by: endAtOnce) }
    }

    /// Sets a handler, unless who started the process has switched the signal off (`nohup`, `&` in a script).
    static func handle(_ number: Int32, by handler: @escaping @convention(c) (Int32) -> Void) {
        var present = sigaction()
        sigaction(number, nil, &present)
        let isIgnored =
            unsafeBitCast(present.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
        if !isIgnored { signal(number, handler) }
    }

    /// A closed standard output's number would be that of the first file opened, and the table would be printed into
    /// it.
    private static func openMissingDescriptors() {
        for number in 0...2 as ClosedRange<Int32> where fcntl(number, F_GETFD) < 0 && errno == EBADF {
            // Numbers are given out from the lowest.
            _ = open("/dev/null", number == 0 ? O_RDONLY : O_WRONLY)
        }
    }
}

/// Removes what is half-written; then the signal ends the process as if nobody had caught it.
private func endAtOnce(_ number: Int32) {
    TemporaryFiles.removeAll()
    signal(number, SIG_DFL)
    raise(number)
}
