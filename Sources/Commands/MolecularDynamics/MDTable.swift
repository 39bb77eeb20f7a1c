import Atoms
import Compute
import Dynamics
import Foundation

/// The table of a running simulation: a row now and then, and on a terminal a line below it that keeps moving.
struct MDTable {
    private struct Row {
        var frame: Frame
        var pace: Pace
        /// s
        var remaining: Double?
    }

    let steps: Int
    let every: Int
    private let table: RunningTable<Row>
    private let watch = Stopwatch()
    private var status = StatusLine()

    init(steps: Int, every: Int, isCommittee: Bool, movesCell: Bool, isBiased: Bool) {
        self.steps = steps
        self.every = every
        table = RunningTable(Self.columns(isCommittee: isCommittee, movesCell: movesCell, isBiased: isBiased))
    }

    private static func columns(isCommittee: Bool, movesCell: Bool, isBiased: Bool) -> [RunningTable<Row>.Column] {
        func fixed(_ value: Double?, _ digits: Int) -> String { value.map { Written.fixed($0, digits) } ?? "-" }
        let deviation = RunningTable<Row>.Column(title: "ΔF max", unit: "eV/Å", width: 8) {
            fixed($0.frame.structure.deviation?.largestOfForces, 4)
        }
        let bias = RunningTable<Row>.Column(title: "E_bias", unit: "eV", width: 10) { fixed($0.frame.biasEnergy, 4) }
        let volume = RunningTable<Row>.Column(title: "V", unit: "Å³/atom", width: 8) { row in
            fixed(row.frame.structure.cell.map { $0.volume / Double(max(1, row.frame.structure.count)) }, 3)
        }
        return [
            .init(title: "step", width: 9) { "\($0.frame.step)" },
            .init(title: "time", unit: "ps", width: 9) { fixed($0.frame.time * 1e-3, 4) },
            .init(title: "T", unit: "K", width: 7) { fixed($0.frame.temperature, 1) },
            .init(title: "E_pot", unit: "eV", width: 13) { fixed($0.frame.structure.energy, 4) },
            .init(title: "E_kin", unit: "eV", width: 10) { fixed($0.frame.kineticEnergy, 4) },
            .init(title: "conserved", unit: "eV", width: 13) { fixed($0.frame.conservedEnergy, 4) },
            .init(title: "drift", unit: "eV/atom/ps", width: 10) {
                Written.scientific($0.pace.steps > 0 ? $0.frame.drift : nil)
            },
            .init(title: "P", unit: "GPa", width: 7) { fixed($0.frame.pressure.map { $0 * Units.gigapascal }, 3) },
        ] + (movesCell ? [volume] : []) + (isBiased ? [bias] : []) + (isCommittee ? [deviation] : []) + [
            .init(title: "µs/atom", unit: "/step", width: 8) {
                $0.pace.steps > 0 ? fixed($0.pace.microsecondsPerAtomAndStep, 1) : "-"
            },
            .init(title: "left", width: 10) { $0.remaining.map(Written.clock) ?? "-" },
        ]
    }

    func begin() { for line in table.header { Terminal.print(line) } }

    mutating func show(_ frame: Frame, of simulation: Simulation) { show(frame, simulation.pace) }

    mutating func show(_ frame: Frame, _ pace: Pace) {
        if frame.step.isMultiple(of: every) || frame.step == steps {
            Terminal.print(line(frame, pace))
        } else {
            let present = self
            status.show(present.line(frame, pace))
        }
    }

    private func line(_ frame: Frame, _ pace: Pace) -> String {
        let remaining = pace.steps > 0 ? watch.seconds / Double(pace.steps) * Double(steps - frame.step) : nil
        return table.line(Row(frame: frame, pace: pace, remaining: remaining))
    }
}
