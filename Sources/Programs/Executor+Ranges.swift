import Compute

/// How loops over rows are cut up: by size alone, never by the number of threads.
extension Executor {
    /// Below this many scalar operations a loop is not worth a second thread.
    static var serialWork: Int { 100_000 }

    /// Calls `body` on ranges of rows, each worth a thread's while; `work` is the number of operations per row.
    func forRows(_ count: Int, work: Int, _ body: (Range<Int>, Int) -> Void) {
        let length = max(1, Self.serialWork / 4 / max(work, 1))
        if count * work <= Self.serialWork {
            if count > 0 { body(0..<count, 0) }
        } else {
            parallelism.split(count, by: length, body)
        }
    }

    /// Calls `body` on ranges of whole vectors that cover `count` scalars.
    func forVectors(_ count: Int, _ body: (Range<Int>) -> Void) {
        forRows((count + T.lanes - 1) / T.lanes, work: T.lanes) { range, _ in body(range) }
    }

    func rows(_ value: Program.Value, _ graph: Graph) -> Int { graph.rows(program.shape(of: value).axis) }

    @inline(__always)
    func index(_ relation: Relation, _ row: Int, _ graph: Graph) -> Int {
        switch relation {
        case .speciesOfAtom: Int(graph.species[row])
        case .structureOfAtom: graph.structure(of: row)
        }
    }
}
