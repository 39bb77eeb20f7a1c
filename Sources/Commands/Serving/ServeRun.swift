import Atoms
import Compute
import Foundation
import Interactions
import Logging
import Sockets

/// One connection from the first request of a server to the end.
struct ServeRun {
    private let driver: IPIDriver
    private let elements: [Element]
    private let periodicity: (Bool, Bool, Bool)?
    private let limits: MinimumDistances
    private let evaluator: Evaluator
    private var result = InteractionResult()
    private var table: ServeTable
    private var pace = ServePace()

    /// Å. Beads of light atoms, which a server sends one after another, lie some tenths of an Å apart: with 0.5 Å,
    /// enough for one trajectory, their neighbours would be found anew in every call (a tenth to a fifth of its time),
    /// and listing more candidates costs a hundredth.
    private static let skin = 1.0

    init(
        _ connection: SocketConnection, structure: Structure, _ interaction: any Interaction,
        limits: MinimumDistances, isCommittee: Bool, parallelism: Parallelism
    ) {
        driver = IPIDriver(connection, atomCount: structure.count)
        elements = structure.elements
        let cell = structure.cell.flatMap { $0.isPeriodic == SIMD3(0, 0, 0) ? nil : $0 }
        periodicity = cell.map { ($0.repeats(along: 0), $0.repeats(along: 1), $0.repeats(along: 2)) }
        self.limits = limits
        evaluator = Evaluator(interaction, skin: Self.skin, parallelism: parallelism)
        table = ServeTable(isCommittee: isCommittee)
    }

    mutating func run() throws {
        var watch = Stopwatch()
        while true {
            let event = try driver.next()
            pace.waiting += watch.seconds
            guard case .positions = event else {
                for line in conclusion(event) { Terminal.print(line) }
                return
            }
            watch = Stopwatch()
            try evaluate()
            try driver.provide(result)
            pace.add(call: watch.seconds)
            watch = Stopwatch()
            table.show(result, pace)
        }
    }

    private mutating func evaluate() throws {
        let cell = periodicity.map { Cell(driver.vectors, periodic: $0) }
        let (limits, elements) = (limits, elements)
        var violation: MinimumDistances.Violation?
        defer {
            pace.clock = evaluator.clock
            if let violation { warn(of: violation) }
        }
        try evaluator.evaluate(elements: elements, positions: driver.positions, cell: cell, into: &result) {
            violation = limits.worstViolation(in: $0, of: elements)
        }
    }

    /// Says once that atoms are closer than the potential has ever seen. Whether to stop is the server's matter.
    private mutating func warn(of pair: MinimumDistances.Violation) {
        pace.overlaps += 1
        guard pace.overlaps == 1 else { return }
        let (i, j) = pair.atoms
        Logger(label: "apus").warning(
            """
            in call \(pace.calls + 1) atoms \(i + 1) (\(elements[i])) and \(j + 1) (\(elements[j])) are \
            \(Written.fixed(pair.distance, 3)) Å apart, \(pair.reason); the potential knows nothing there
            """)
    }

    /// How far it came, for the end of an error.
    var served: String { " (after \(Written.count(pace.calls, "call")))" }

    private func conclusion(_ event: IPIDriver.Event) -> [String] {
        let head =
            switch event {
            case .end(.exit): "Done: the server said EXIT after \(Written.count(pace.calls, "call"))"
            case .end(.closed): "Done: the server closed the connection after \(Written.count(pace.calls, "call"))"
            default: "Interrupted after \(Written.count(pace.calls, "call"))"
            }
        return ["", head] + Terminal.table(pace.rows(atomCount: elements.count), leftAligned: [0, 1])
    }
}
