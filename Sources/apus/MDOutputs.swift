import Atoms
import Files
import Foundation
import Trajectory

/// The files that a simulation writes: checked before anything happens, created when everything else is known to be
/// right.
final class MDOutputs {
    private let thermo: MDSettings.Stream?
    private let trajectory: MDSettings.TrajectoryStream?
    private let checkpoint: MDSettings.Stream?
    private let candidates: (stream: MDSettings.Stream, selection: CandidateFile.Selection)?
    private var candidateFile: CandidateFile?
    private let existing: ExistingFile
    private var writers: [(every: Int, path: String, writer: any TrajectoryWriter, frames: Int)] = []

    /// Throws when a file is there that may neither be overwritten nor continued, when two outputs or an output and an
    /// input are the same file, or when a folder cannot be made or written to.
    init(_ settings: MDSettings, inputs: [String], existing: ExistingFile) throws {
        thermo = settings.thermo
        trajectory = settings.trajectory
        checkpoint = settings.checkpoint
        candidates = settings.candidates
        self.existing = existing
        var plan = OutputPlan(inputs: inputs)
        for path in paths {
            try plan.add(
                path, existing: existing == .refuse ? .refuse : .replace,
                advice: "choose another name, or add --overwrite, or --resume to go on")
        }
    }

    var paths: [String] {
        [
            thermo?.file, trajectory?.stream.file, trajectory?.topology, checkpoint?.file, candidates?.stream.file,
        ].compactMap(\.self)
    }

    /// Whether the files of an earlier run are continued, which hold the first frame already.
    var isContinuing: Bool { if case .append = existing { true } else { false } }

    /// How many steps lie between the frames that some file wants, if any does.
    var interval: Int? {
        let intervals = [thermo?.every, trajectory?.stream.every, checkpoint?.every, candidates?.stream.every]
            .compactMap(\.self)
        return intervals.isEmpty ? nil : intervals.reduce(0, greatestCommonDivisor)
    }

    /// Creates the files. `structure` is the first frame's.
    func open(title: String, programVersion: String, structure: Structure, isCommittee: Bool) throws {
        for path in paths {
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
            do {
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            } catch {
                throw CommandError("\(path): its folder cannot be made: \(CommandError.message(of: error))")
            }
        }
        if let trajectory {
            let (every, path) = (trajectory.stream.every, trajectory.stream.file)
            switch trajectory.format {
            case .netcdf:
                var options = NetCDFTrajectory.Options()
                options.precision = trajectory.precision
                options.wrapsPositions = trajectory.isWrapped
                options.title = title
                options.programVersion = programVersion
                writers.append((every, path, try NetCDFTrajectory(path, existing: existing, options: options), 0))
            case .xyz:
                let writer = try ExtendedXYZTrajectory(
                    path, existing: existing, wrapsPositions: trajectory.isWrapped)
                writers.append((every, path, writer, 0))
            }
            if let topology = trajectory.topology, !isContinuing || !FileManager.default.fileExists(atPath: topology)
            {
                try PDBTopology.write(structure, to: topology)
            }
        }
        if let thermo {
            let quantities = isCommittee ? ThermoQuantity.allCases : ThermoQuantity.usual
            let table = try ThermoTable(thermo.file, quantities: quantities, existing: existing)
            writers.append((thermo.every, thermo.file, table, 0))
        }
        if let (stream, selection) = candidates {
            let file = try CandidateFile(stream.file, selection, existing: existing)
            candidateFile = file
            writers.append((stream.every, stream.file, file, 0))
        }
    }

    func append(_ frame: Frame) throws {
        for index in writers.indices where frame.step.isMultiple(of: writers[index].every) {
            if let trajectory, writers[index].path == trajectory.stream.file {
                var frame = frame
                if !trajectory.velocities { frame.structure.velocities = nil }
                if !trajectory.forces { frame.structure.forces = nil }
                try writers[index].writer.append(frame)
            } else {
                try writers[index].writer.append(frame)
            }
            writers[index].frames += 1
        }
    }

    /// Whether a checkpoint is due at this step.
    func wantsCheckpoint(at step: Int) -> Bool { checkpoint.map { step.isMultiple(of: $0.every) } ?? false }

    func close() throws {
        for entry in writers { try entry.writer.close() }
    }

    /// One line for each file: its name and what it holds.
    var summary: [String] {
        var lines = writers.map { entry in
            if let candidateFile, entry.path == candidateFile.path {
                return
                    "\(entry.path) (\(Written.count(candidateFile.count, "configuration")) to be computed and trained on)"
            }
            let size = (try? FileManager.default.attributesOfItem(atPath: entry.path)[.size] as? Int) ?? 0
            let unit = entry.path == thermo?.file ? "row" : "frame"
            let count = Written.count(entry.frames, unit) + (isContinuing ? " more" : "")
            return "\(entry.path) (\(count), \(Written.bytes(size)))"
        }
        if let topology = trajectory?.topology {
            lines.append("\(topology) (names of the atoms for MDAnalysis and mdtraj)")
        }
        if let checkpoint { lines.append("\(checkpoint.file) (to go on from with --resume and more steps)") }
        return lines
    }
}

func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestCommonDivisor(b, a % b) }
