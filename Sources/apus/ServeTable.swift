import Atoms
import Compute
import Foundation
import Interactions

/// The table of a serving driver, which does not know how long it will last: a row after 1, 2, 5, 10, 20, 50 … calls,
/// and ten minutes after the last one; on a terminal a line below it that keeps moving.
struct ServeTable {
    private static let all: [(title: String, unit: String, width: Int)] = [
        ("calls", "", 9), ("E_pot", "eV", 14), ("F max", "eV/Å", 9), ("ΔF max", "eV/Å", 8), ("time", "ms/call", 9),
        ("waiting", "", 8), ("elapsed", "", 10),
    ]

    private let columns: [(title: String, unit: String, width: Int)]
    private let isCommittee: Bool
    private let watch = Stopwatch()
    /// In seconds since the start.
    private var lastRow = 0.0
    private var lastStatus = -1.0
    private var next = 1

    init(isCommittee: Bool) {
        self.isCommittee = isCommittee
        columns = Self.all.filter { isCommittee || $0.title != "ΔF max" }
    }

    mutating func show(_ result: InteractionResult, _ pace: ServePace) {
        let now = watch.seconds
        if pace.calls == 1 {
            Terminal.print(aligned(columns.map(\.title)))
            Terminal.print(aligned(columns.map(\.unit)))
        }
        if pace.calls == next || now - lastRow > 600 {
            Terminal.print(row(result, pace, now))
            lastRow = now
            if pace.calls == next { next = Self.roundNumber(after: next) }
        } else if Terminal.isInteractive, now - lastStatus > 0.3 {
            lastStatus = now
            Terminal.status(row(result, pace, now))
        }
    }

    /// 2 after 1, 5 after 2, 10 after 5, and so on.
    private static func roundNumber(after number: Int) -> Int {
        var unit = 1
        while number >= 10 * unit { unit *= 10 }
        return number == 2 * unit ? 5 * unit : 2 * number
    }

    private func row(_ result: InteractionResult, _ pace: ServePace, _ elapsed: Double) -> String {
        let largest = result.forces.lazy.map { dot($0, $0) }.max()?.squareRoot() ?? 0
        return aligned(
            ["\(pace.calls)", Written.fixed(result.energy, 4), Written.fixed(largest, 3)]
                + (isCommittee ? [result.deviation.map { Written.fixed($0.largestOfForces, 4) } ?? "-"] : [])
                + [Written.short(pace.millisecondsPerCall), pace.share(pace.waiting), Written.duration(elapsed)])
    }

    private func aligned(_ cells: [String]) -> String {
        zip(columns, cells).map { column, cell in
            String(repeating: " ", count: max(0, column.width - cell.count)) + cell
        }.joined(separator: " ")
    }
}
