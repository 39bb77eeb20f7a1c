import Atoms
import Compute
import Dynamics
import Foundation
import Potentials
import Trajectory

/// What a run takes: measured on a few steps and on frames that are written to a folder of their own, which is removed.
struct MDEstimate: Encodable {
    struct File: Encodable {
        var file: String
        /// Or rows.
        var frames: Int
        var bytes: Int
    }

    let atoms: Int
    let steps: Int
    /// By which the time was measured.
    private(set) var measuredSteps = 0
    private(set) var secondsPerStep = 0.0
    private(set) var hours = 0.0
    private(set) var nanosecondsPerDay = 0.0
    /// The most that the process has held; more where the number of neighbours grows.
    private(set) var memoryBytes = 0
    private(set) var files: [File] = []

    private enum CodingKeys: String, CodingKey {
        case atoms, steps, measuredSteps, secondsPerStep, hours, memoryBytes, files
        case nanosecondsPerDay = "ns_per_day"
    }

    /// Steps that are not measured, in which memory is found and kernels are loaded; and how long is measured.
    private static let (warmUp, shortest, seconds) = (2, 8, 3.0)
    /// Frames that sizes are a mean of: numbers as text are now a digit longer, now shorter, a percent or two of a row.
    private static let samples = 8

    /// - Throws: as a run, of which this is the beginning; `CommandError` where a frame cannot be written.
    init(_ run: MDRun, of settings: MDSettings) throws {
        let simulation = run.simulation
        atoms = simulation.motion.count
        steps = settings.steps
        let first = simulation.frame
        let folder = NSTemporaryDirectory() + "apus-check-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }

        try simulation.advance(steps: Self.warmUp)
        var frames = [first]
        let watch = Stopwatch()
        var inFrames = 0.0
        while measuredSteps < Self.shortest || watch.seconds < Self.seconds, !Interruption.cancellation.isCancelled {
            measuredSteps += try simulation.advance(steps: 1)
            guard frames.count <= Self.samples else { continue }
            let before = watch.seconds
            frames.append(simulation.frame)
            inFrames += watch.seconds - before
        }
        secondsPerStep = (watch.seconds - inFrames) / Double(max(1, measuredSteps))
        let left = Double(max(0, settings.steps - first.step))
        hours = secondsPerStep * left / 3600
        nanosecondsPerDay = settings.timestep.femtoseconds * 1e-6 * 86_400 / secondsPerStep

        // Steps and times as long as they are in the run.
        let stride = max(1, (settings.steps - first.step) / frames.count)
        for k in frames.indices {
            frames[k].step = first.step + k * stride
            frames[k].time = first.time + Double(k * stride) * settings.timestep.femtoseconds
        }
        try measure(frames: frames, settings, run, in: folder)
        if let checkpoint = settings.checkpoint {
            let path = "\(folder)/checkpoint"
            try run.write(try simulation.checkpoint(), to: path)
            files.append(File(file: checkpoint.file, frames: 1, bytes: try Self.size(path)))
        }
        memoryBytes = ProcessMemory.peak
    }

    /// The first frame brings the header, the others have the size of all that follow.
    private mutating func measure(
        frames: [Frame], _ settings: MDSettings, _ run: MDRun, in folder: String
    ) throws {
        var probe = settings
        probe.checkpoint = nil
        probe.candidates = nil
        probe.thermo?.every = 1
        probe.trajectory?.stream.every = 1
        probe.thermo?.file = "\(folder)/thermo"
        probe.trajectory?.stream.file = "\(folder)/trajectory"
        if settings.trajectory?.topology != nil { probe.trajectory?.topology = "\(folder)/topology" }
        let outputs = try MDOutputs(probe, inputs: [], existing: .overwrite, isProbe: true)
        try outputs.open(
            title: run.title, programVersion: ProgramVersion.number, structure: frames[0].structure,
            columns: run.columns)
        let named: [(file: String?, every: Int?, path: String)] = [
            (settings.thermo?.file, settings.thermo?.every, "\(folder)/thermo"),
            (settings.trajectory?.stream.file, settings.trajectory?.stream.every, "\(folder)/trajectory"),
        ]
        var sizes: [[Int]] = []
        for (index, frame) in frames.enumerated() {
            try outputs.append(frame)
            guard index == 0 || index == frames.count - 1 else { continue }
            try outputs.synchronize()
            sizes.append(try named.map { $0.file == nil ? 0 : try Self.size($0.path) })
        }
        try outputs.close()
        for (index, entry) in named.enumerated() {
            guard let file = entry.file, let every = entry.every else { continue }
            let count = settings.steps / every + 1
            let others = sizes.count < 2 ? 0 : sizes[1][index] - sizes[0][index]
            let bytes = sizes[0][index] + (count - 1) * others / max(1, frames.count - 1)
            files.append(File(file: file, frames: count, bytes: bytes))
        }
        if let topology = settings.trajectory?.topology, let path = probe.trajectory?.topology {
            files.append(File(file: topology, frames: 1, bytes: try Self.size(path)))
        }
    }

    private static func size(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return attributes[.size] as? Int ?? 0
    }

    /// For people.
    var lines: [String] {
        var rows = [
            ["memory", "\(Written.bytes(memoryBytes)) at most until now"],
            [
                "time",
                "\(Written.short(secondsPerStep * 1e3)) ms a step (\(Written.count(measuredSteps, "step")) measured), "
                    + "\(Written.short(nanosecondsPerDay, 3)) ns/day",
            ],
            ["run", "\(Written.count(steps, "step")) in \(Written.duration(hours * 3600))"],
        ]
        for (index, file) in files.enumerated() {
            rows.append([
                index == 0 ? "files" : "",
                "\(file.file): \(Written.count(file.frames, "frame")), \(Written.bytes(file.bytes))",
            ])
        }
        if files.count > 1 { rows.append(["", "\(Written.bytes(files.reduce(0) { $0 + $1.bytes })) in all"]) }
        return Terminal.table(rows, leftAligned: [0, 1])
    }
}
