import Atoms
import Compute
import Foundation
import Interactions

/// The table of a serving driver, which does not know how long it will last: a row after 1, 2, 5, 10, 20, 50 … calls,
/// and ten minutes after the last one; on a terminal a line below it that keeps moving.
struct ServeTable {
    private struct Row {
        var result: InteractionResult
        var pace: ServePace
        /// s
        var elapsed: Double
    }

    private let table: RunningTable<Row>
    private let watch = Stopwatch()
    private var status = StatusLine()
    /// In seconds since the start.
    private var lastRow = 0.0
    private var next = 1

    init(isCommittee: Bool) {
        let deviation = RunningTable<Row>.Column(title: "ΔF max", unit: "eV/Å", width: 8) {
            $0.result.deviation.map { Written.fixed($0.largestOfForces, 4) } ?? "-"
        }
        table = RunningTable(
            [
                .init(title: "calls", width: 9) { "\($0.pace.calls)" },
                .init(title: "E_pot", unit: "eV", width: 14) { Written.fixed($0.result.energy, 4) },
                .init(title: "F max", unit: "eV/Å", width: 9) {
                    Written.fixed($0.result.forces.lazy.map { dot($0, $0) }.max()?.squareRoot() ?? 0, 3)
                },
            ] + (isCommittee ? [deviation] : []) + [
                .init(title: "time", unit: "ms/call", width: 9) { Written.short($0.pace.millisecondsPerCall) },
                .init(title: "waiting", width: 8) { $0.pace.share($0.pace.waiting) },
                .init(title: "elapsed", width: 10) { Written.clock($0.elapsed) },
            ])
    }

    mutating func show(_ result: InteractionResult, _ pace: ServePace) {
        let row = Row(result: result, pace: pace, elapsed: watch.seconds)
        if pace.calls == 1 { for line in table.header { Terminal.print(line) } }
        if pace.calls == next || row.elapsed - lastRow > 600 {
            Terminal.print(table.line(row))
            lastRow = row.elapsed
            if pace.calls == next { next = Self.roundNumber(after: next) }
        } else {
            status.show(table.line(row))
        }
    }

    /// 2 after 1, 5 after 2, 10 after 5, and so on.
    private static func roundNumber(after number: Int) -> Int {
        var unit = 1
        while number >= 10 * unit { unit *= 10 }
        return number == 2 * unit ? 5 * unit : 2 * number
    }
}
