import Compute
import Programs

/// How loops over rows are cut up: by size alone, never by the number of threads.
extension ProcessorExecutor {
    /// Below this many scalar operations a loop is not worth a second thread.
    static var serialWork: Int { 100_000 }

    /// Calls `body` on ranges of rows, each worth a thread's while or of a given length; `work` is the number of
    /// operations per row.
    func forRows(_ count: Int, work: Int, length: Int? = nil, _ body: (Range<Int>, Int) -> Void) {
        if count * work <= Self.serialWork, count <= length ?? count {
            if count > 0 { body(0..<count, 0) }
        } else {
            let isSmall = count * work <= Self.serialWork
            (isSmall ? .serial : parallelism)
                .split(count, by: length ?? max(1, Self.serialWork / 4 / max(work, 1)), body)
        }
    }

    /// Calls `body` on ranges of whole vectors that cover `count` scalars.
    func forVectors(_ count: Int, _ body: (Range<Int>) -> Void) {
        forRows((count + T.lanes - 1) / T.lanes, work: T.lanes) { range, _ in body(range) }
    }
}
