import Interactions

/// How often a server has called, and where the time went.
struct ServePace {
    /// Structures computed.
    private(set) var calls = 0
    /// Times by the wall clock, s: computing in all, and until the server wanted something again.
    private(set) var computing = 0.0
    var waiting = 0.0
    /// Neighbours and forces, of the time computing.
    var clock = EvaluationClock()
    /// Calls with atoms closer than any in the training data.
    var overlaps = 0

    mutating func add(call seconds: Double) {
        calls += 1
        computing += seconds
    }

    /// ms.
    var millisecondsPerCall: Double { computing * 1e3 / Double(max(1, calls)) }

    func share(_ part: Double) -> String {
        let total = computing + waiting
        return total > 0 ? "\(Int((100 * part / total).rounded())) %" : "-"
    }

    /// For the end of a run.
    func rows(atomCount: Int) -> [[String]] {
        guard calls > 0 else { return [] }
        var rows = [
            [
                "speed",
                "\(Written.short(millisecondsPerCall)) ms per call, \(Written.fixed(millisecondsPerCall * 1e3 / Double(atomCount), 1)) µs/atom",
            ],
            [
                "time",
                "\(Written.duration(computing + waiting)): forces \(share(clock.forces)), neighbours \(share(clock.neighbors)) (\(Written.count(clock.rebuilds, "rebuild"))), waiting for the server \(share(waiting))",
            ],
        ]
        if overlaps > 0 {
            rows.append([
                "overlaps", "\(Written.count(overlaps, "call")) with atoms closer than any in the training data",
            ])
        }
        return rows
    }
}
