import Atoms
import Compute
import Dynamics
import Foundation
import Interactions
import Logging
import Potentials

/// Several simulations from the first line on the terminal to the last.
struct ReplicaRun {
    private let settings: ReplicaSettings
    private let potential: MDPotential
    private var runs: [MDRun]
    private let replicas: Replicas
    private let changes: [String]
    private let isContinuing: Bool
    private let overwrite: Bool
    private let parallelism: Parallelism
    private var table: ExchangeTable?
    private let watch = Stopwatch()

    /// Throws when settings, structure and potential do not fit together; writes nothing.
    init(
        _ settings: ReplicaSettings, _ potential: MDPotential, _ interaction: any Interaction,
        _ starts: [MDRun.Start], _ outputs: [MDOutputs], _ set: CheckpointSet?, _ changes: [String],
        parallelism: Parallelism, overwrite: Bool
    ) throws {
        self.settings = settings
        self.potential = potential
        self.changes = changes
        self.overwrite = overwrite
        self.parallelism = parallelism
        isContinuing = set != nil
        let exchange = settings.tempering.map {
            ReplicaExchange(
                temperatures: settings.temperatures ?? [], every: $0.every, seed: settings.seeds[0])
        }
        var runs: [MDRun] = []
        replicas = try Replicas(
            count: settings.replicas.count, under: interaction, exchange: exchange,
            cancellation: Interruption.cancellation, parallelism: parallelism
        ) { index, interaction in
            let run = try MDRun(
                settings.replicas[index], potential, interaction, starts[index], outputs[index],
                parallelism: .serial)
            runs.append(run)
            return run.simulation
        }
        self.runs = runs
        if let set { try replicas.restore(set) }
    }

    private var first: MDSettings { settings.replicas[0] }

    mutating func run() throws {
        for line in introduction { Terminal.print(line) }
        for warning in runs[0].warnings { Logger(label: "apus").warning("\(warning)") }
        for run in runs {
            try run.outputs.open(
                title: run.title, programVersion: ProgramVersion.number, structure: run.simulation.frame.structure,
                columns: run.columns)
        }
        if let file = settings.tempering?.file {
            table = try ExchangeTable(
                file, temperatures: runs.count, after: isContinuing ? replicas.step : nil, overwrite: overwrite)
        }
        let rows = ReplicaTable(count: runs.count)
        for line in rows.header { Terminal.print(line) }
        do {
            if !isContinuing { try report(runs.map(\.simulation.frame), rows) }
            let files = runs[0].outputs.interval ?? first.reportEvery
            let interval = [first.reportEvery, settings.checkpoint?.every].compactMap(\.self)
                .reduce(files, greatestCommonDivisor)
            let exchanges = table
            try replicas.advance(steps: max(0, first.steps - replicas.step), every: interval) {
                try report($0, rows)
            } exchanged: {
                try exchanges?.append($0)
            }
            try writeCheckpoint()
        } catch {
            for run in runs { try? run.outputs.close() }
            let files = runs.flatMap(\.outputs.filesWithFrames)
            throw CommandError(
                CommandError.message(of: error)
                    + (files.isEmpty ? "" : " The frames before it are in \(files.joined(separator: ", "))."))
        }
        for run in runs { try run.outputs.close() }
        try table?.close()
        for line in conclusion { Terminal.print(line) }
    }

    private mutating func report(_ frames: [Frame], _ rows: ReplicaTable) throws {
        for (index, frame) in frames.enumerated() { try runs[index].record(frame) }
        let step = frames[0].step
        if let every = settings.checkpoint?.every, step.isMultiple(of: every) { try writeCheckpoint() }
        guard step.isMultiple(of: first.reportEvery) || step == first.steps else { return }
        let pace = replicas.pace
        let left = pace.steps > 0 ? watch.seconds / Double(pace.steps) * Double(first.steps - step) : nil
        Terminal.print(rows.line(frames, pace, left))
    }

    private func writeCheckpoint() throws {
        guard let path = settings.checkpoint?.file else { return }
        var set = try replicas.checkpoint()
        let configuration = try settings.source.yaml()
        for index in set.checkpoints.indices {
            set.checkpoints[index].settings = potential.identity(precision: first.precision)
            set.checkpoints[index].configuration = configuration
            try runs[index].outputs.synchronize()
            set.checkpoints[index].files = runs[index].outputs.marks
        }
        try table?.synchronize()
        try set.write(to: path)
    }

    // MARK: - What is said

    private var introduction: [String] {
        let temperatures = settings.temperatures.map { list in
            ", at " + list.map { Written.short($0.kelvin) }.joined(separator: ", ") + " K"
        }
        var rows = [
            [
                "replicas",
                "\(runs.count), seeds \(settings.seeds.map(String.init).joined(separator: ", "))\(temperatures ?? ""); evaluated together",
            ]
        ]
        if let tempering = settings.tempering {
            rows.append([
                "tempering", "neighbours try to change places every \(Written.count(tempering.every, "step"))",
            ])
        }
        for (index, change) in changes.enumerated() where index > 0 || !changes.isEmpty {
            rows.append([index == 0 ? "changed" : "", change])
        }
        let own = [settings.checkpoint?.file, settings.tempering?.file].compactMap(\.self)
        if !own.isEmpty { rows.append(["writes", own.joined(separator: ", ") + ", and for each its files"]) }
        return ["The first of \(runs.count) replicas:"] + runs[0].introduction
            + Terminal.table(rows, leftAligned: [0, 1]) + [""]
    }

    private var conclusion: [String] {
        let step = replicas.step
        let head =
            step == first.steps
            ? "Done: \(Written.count(step, "step")) of \(Written.count(runs.count, "replica"))"
            : "Interrupted after \(step) of \(first.steps) steps; the files are complete up to there"
        var rows = [["replica", "seed", "bath/K", "T/K", "drift/(eV/atom/ps)"]]
        for (index, run) in runs.enumerated() {
            rows.append([
                "\(index + 1)", "\(settings.seeds[index])",
                run.simulation.ensemble.temperature.map { Written.short($0.kelvin) } ?? "-",
                run.temperatures.count > 0 ? Written.fixed(run.temperatures.mean, 1) : "-",
                run.simulation.drift.map { Written.scientific($0) } ?? "-",
            ])
        }
        var lines = ["", head] + Terminal.table(rows)
        if let exchange = replicas.exchange {
            let pairs = exchange.acceptance.enumerated().map { pair, share in
                "\(Written.short(exchange.temperatures[pair].kelvin))–\(Written.short(exchange.temperatures[pair + 1].kelvin)) K \(share.map { Written.fixed(100 * $0, 1) + " %" } ?? "-")"
            }
            lines.append("accepted exchanges: " + pairs.joined(separator: ", "))
        }
        let pace = replicas.pace
        if pace.steps > 0 {
            lines.append(
                "speed: \(Written.fixed(pace.microsecondsPerAtomAndStep, 1)) µs/atom/step, \(Written.short(pace.nanosecondsPerDay, 3)) ns/day of each"
            )
        }
        let files = runs.flatMap(\.outputs.summary)
        let own = [
            settings.checkpoint.map { "\($0.file) (to go on from with --resume and more steps)" }, table?.path,
        ]
        for (index, line) in (files + own.compactMap(\.self)).enumerated() {
            lines.append((index == 0 ? "wrote " : "      ") + line)
        }
        return lines
    }
}

/// A row of the terminal for all replicas.
struct ReplicaTable {
    private struct Row {
        var frames: [Frame]
        var pace: Pace
        var left: Double?
    }
    private let table: RunningTable<Row>
    /// How many temperatures have a place on a line.
    private static let most = 8

    init(count: Int) {
        let temperatures = (0..<min(count, Self.most)).map { index in
            RunningTable<Row>.Column(title: "T \(index + 1)", unit: "K", width: 8) { row in
                row.frames[index].temperature.map { Written.fixed($0, 1) } ?? "-"
            }
        }
        table = RunningTable(
            [
                .init(title: "step", width: 9) { "\($0.frames[0].step)" },
                .init(title: "time", unit: "ps", width: 9) { Written.fixed($0.frames[0].time * 1e-3, 4) },
            ] + temperatures + [
                .init(title: "µs/atom", unit: "/step", width: 8) {
                    $0.pace.steps > 0 ? Written.fixed($0.pace.microsecondsPerAtomAndStep, 1) : "-"
                },
                .init(title: "left", width: 10) { $0.left.map(Written.clock) ?? "-" },
            ])
    }

    var header: [String] { table.header }
    func line(_ frames: [Frame], _ pace: Pace, _ left: Double?) -> String {
        table.line(Row(frames: frames, pace: pace, left: left))
    }
}
