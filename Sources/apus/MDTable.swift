import Atoms
import Dynamics
import Foundation

/// The table of a running simulation: a row now and then, and on a terminal a line below it that keeps moving.
struct MDTable {
    /// The last but two is a committee's.
    private static let all: [(title: String, unit: String, width: Int)] = [
        ("step", "", 9), ("time", "ps", 9), ("T", "K", 7), ("E_pot", "eV", 13), ("E_kin", "eV", 10),
        ("conserved", "eV", 13), ("drift", "eV/atom/ps", 10), ("P", "GPa", 7), ("ΔF max", "eV/Å", 8),
        ("µs/atom", "/step", 8),
        ("ETA", "", 10),
    ]

    let steps: Int
    let every: Int
    private let columns: [(title: String, unit: String, width: Int)]
    private let isCommittee: Bool
    private let start = Date()
    private var lastStatus = Date.distantPast

    init(steps: Int, every: Int, isCommittee: Bool) {
        self.isCommittee = isCommittee
        columns = Self.all.filter { isCommittee || $0.title != "ΔF max" }
        self.steps = steps
        self.every = every
    }

    func begin() {
        Terminal.print(aligned(columns.map(\.title)))
        Terminal.print(aligned(columns.map(\.unit)))
    }

    mutating func show(_ frame: Frame, of simulation: Simulation) {
        if frame.step.isMultiple(of: every) || frame.step == steps {
            Terminal.print(row(frame, simulation))
        } else if Terminal.isInteractive, Date().timeIntervalSince(lastStatus) > 0.3 {
            lastStatus = Date()
            Terminal.status(row(frame, simulation))
        }
    }

    private func row(_ frame: Frame, _ simulation: Simulation) -> String {
        let pace = simulation.pace
        let elapsed = Date().timeIntervalSince(start)
        let remaining = pace.steps > 0 ? elapsed / Double(pace.steps) * Double(steps - frame.step) : nil
        func fixed(_ value: Double?, _ digits: Int) -> String { value.map { Written.fixed($0, digits) } ?? "-" }
        let deviation = frame.structure.deviation?.largestOfForces
        return aligned(
            [
                "\(frame.step)", fixed(frame.time * 1e-3, 4), fixed(frame.temperature, 1),
                fixed(frame.structure.energy, 4),
                fixed(frame.kineticEnergy, 4), fixed(frame.conservedEnergy, 4),
                Written.scientific(pace.steps > 0 ? simulation.drift : nil),
                fixed(frame.pressure.map { $0 * Units.gigapascal }, 3),
            ] + (isCommittee ? [fixed(deviation, 4)] : []) + [
                pace.steps > 0 ? fixed(pace.microsecondsPerAtomAndStep, 1) : "-",
                remaining.map(Written.duration) ?? "-",
            ])
    }

    private func aligned(_ cells: [String]) -> String {
        zip(columns, cells).map { column, cell in
            String(repeating: " ", count: max(0, column.width - cell.count)) + cell
        }.joined(separator: " ")
    }
}
