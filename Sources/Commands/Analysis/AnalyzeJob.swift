import Analysis
import Atoms
import Compute
import Files
import Foundation
import Logging
import Neighbors
import Trajectory

/// `apus analyze`: what a trajectory says, read frame by frame.
public struct AnalyzeJob {
    public enum Part: String, Sendable, CaseIterable { case rdf, msd, vdos, ir, angles, density }

    public struct Options: Sendable {
        public var parts: Set<Part> = []
        /// Å; half of the shortest height of the first cell, 10 at most, unless given.
        public var distance: Double?
        public var bins = 200
        /// Neighbours of the angles, Å.
        public var neighborCutoff: Double?
        /// 0, 1 or 2
        public var axis = 2
        /// fs; half of the trajectory unless given.
        public var longestLag: Double?
        /// From 1.
        public var first = 1
        public var every = 1
        /// Whether the motion of all together is taken out of displacements and velocities.
        public var removesDrift = false
        /// A file with the elements of the atoms, for trajectories that do not say them.
        public var topology: String?
        /// Between frames of the file, fs, where it does not say times.
        public var interval: Double?
        public var overwrite = false
        public var json = false
        public init() {}
    }

    let trajectory: String
    let folder: String
    let options: Options
    let parallelism: Parallelism

    public init(trajectory: String, folder: String, options: Options, parallelism: Parallelism) {
        self.trajectory = trajectory
        self.folder = folder
        self.options = options
        self.parallelism = parallelism
    }

    private func path(_ name: String) -> String { (folder as NSString).appendingPathComponent(name) }

    private var parts: Set<Part> { options.parts.isEmpty ? Set(Part.allCases) : options.parts }
    /// Whether a part was asked for by name, and must be there.
    private func isWanted(_ part: Part) -> Bool { options.parts.contains(part) }

    private static let files: [Part: [String]] = [
        .rdf: ["rdf.csv"], .msd: ["msd.csv"], .vdos: ["vacf.csv", "vdos.csv"], .ir: ["infrared.csv"],
        .angles: ["angles.csv"],
        .density: ["density.csv"],
    ]

    public func run() throws {
        let existing: OutputFile.Existing = options.overwrite ? .replace : .refuse
        var plan = OutputPlan(inputs: [trajectory])
        for name in parts.sorted(by: { $0.rawValue < $1.rawValue }).flatMap({ Self.files[$0]! }) + ["analysis.json"] {
            try plan.add(path(name), existing: existing, advice: "choose another folder, or add --overwrite")
        }
        let reader = try FrameReaders.open(trajectory, topology: options.topology, interval: options.interval)
        let indices = Array(stride(from: options.first - 1, to: reader.frameCount, by: options.every))
        guard indices.count >= 2 else {
            throw CommandError(
                "\(trajectory): expected at least two frames from \(options.first) on, found \(indices.count) (the file has \(reader.frameCount))"
            )
        }
        let beginning = try indices[..<2].map(reader.frame)
        var analysis = try TrajectoryAnalysis(
            reader, beginning, frames: indices.count, parts: parts, isWanted: isWanted, options: options,
            parallelism: parallelism)
        var status = StatusLine()
        for (done, index) in indices.enumerated() {
            try analysis.add(done < 2 ? beginning[done] : try reader.frame(at: index))
            status.show("\(done + 1) of \(indices.count) frames")
        }
        for remark in analysis.remarks { Logger(label: "apus").warning("\(trajectory): \(remark)") }
        let report = analysis.report
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, text) in analysis.tables { try OutputFile.write(text, to: path(name), existing: existing) }
        try OutputFile.write(try JSONOutput.text(report) + "\n", to: path("analysis.json"), existing: existing)
        if options.json { return try JSONOutput.print(report) }
        for line in report.lines { Terminal.print(line) }
        Terminal.print("written to \(folder); pictures: python -m apus analyze \(folder)")
    }
}
