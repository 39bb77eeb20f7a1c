import Atoms
import Dynamics
import Files
import Foundation
import Trajectory

/// The files that a simulation writes: checked before anything happens, created when everything else is known to be
/// right.
final class MDOutputs {
    private let thermo: MDSettings.Stream?
    private let heatFlux: MDSettings.Stream?
    private let trajectory: MDSettings.TrajectoryStream?
    private let checkpoint: MDSettings.Stream?
    private let candidates: (stream: MDSettings.Stream, selection: CandidateFile.Selection)?
    private var candidateFile: CandidateFile?
    private let existing: ExistingFile
    private let timestep: Time
    private var writers: [Output] = []

    /// An open file of frames.
    private struct Output {
        /// The section of the settings that it belongs to.
        var role: String
        var every: Int
        var path: String
        var writer: any TrajectoryWriter
        var frames = 0
    }

    /// - Parameter isProbe: whether the files are in a folder that is there for them alone.
    /// Throws when a file is there that may neither be overwritten nor continued, when two outputs or an output and an
    /// input are the same file, or when a folder cannot be written to.
    init(_ settings: MDSettings, inputs: [String], existing: ExistingFile, isProbe: Bool = false) throws {
        thermo = settings.thermo
        heatFlux = settings.heatFlux
        trajectory = settings.trajectory
        checkpoint = settings.checkpoint
        candidates = settings.candidates
        timestep = settings.timestep
        self.existing = existing
        guard !isProbe else { return }
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
            heatFlux?.file,
        ].compactMap(\.self)
    }

    /// Whether the files of an earlier run are continued, which hold the first frame already.
    var isContinuing: Bool { if case .append = existing { true } else { false } }

    /// How many steps lie between the frames that some file wants, if any does.
    var interval: Int? {
        let intervals = [
            thermo?.every, trajectory?.stream.every, checkpoint?.every, candidates?.stream.every, heatFlux?.every,
        ]
        .compactMap(\.self)
        return intervals.isEmpty ? nil : intervals.reduce(0, greatestCommonDivisor)
    }

    /// Creates the files. `structure` is the first frame's.
    func open(title: String, programVersion: String, structure: Structure, columns: [ThermoQuantity]) throws {
        for path in paths {
            try FilePath.makeFolder(FilePath.folder(of: path))
        }
        if let trajectory {
            let (every, path) = (trajectory.stream.every, trajectory.stream.file)
            let writer = try writer(trajectory, title: title, programVersion: programVersion)
            let buffered = BackgroundWriter(writer, capacity: BackgroundWriter.capacity(atoms: structure.count))
            writers.append(Output(role: "trajectory", every: every, path: path, writer: buffered))
            if let topology = trajectory.topology, !isContinuing || !FileManager.default.fileExists(atPath: topology)
            {
                try PDBTopology.write(structure, to: topology)
            }
        }
        if let thermo {
            let table = try ThermoTable(
                thermo.file, quantities: ThermoQuantity.usual + columns, existing: existing)
            writers.append(Output(role: "thermo", every: thermo.every, path: thermo.file, writer: table))
        }
        if let heatFlux {
            let table = try ThermoTable(heatFlux.file, quantities: ThermoQuantity.conduction, existing: existing)
            writers.append(Output(role: "heat_flux", every: heatFlux.every, path: heatFlux.file, writer: table))
        }
        if let (stream, selection) = candidates {
            let file = try CandidateFile(stream.file, selection, existing: existing)
            candidateFile = file
            writers.append(Output(role: "candidates", every: stream.every, path: stream.file, writer: file))
        }
    }

    private func writer(
        _ trajectory: MDSettings.TrajectoryStream, title: String, programVersion: String
    ) throws -> any TrajectoryWriter {
        let path = trajectory.stream.file
        switch trajectory.format {
        case .netcdf:
            var options = NetCDFTrajectory.Options()
            options.precision = trajectory.precision
            options.isCompressed = trajectory.isCompressed
            options.wrapsPositions = trajectory.isWrapped
            options.title = title
            options.programVersion = programVersion
            return try NetCDFTrajectory(path, existing: existing, options: options)
        case .xyz:
            return try ExtendedXYZTrajectory(path, existing: existing, wrapsPositions: trajectory.isWrapped)
        case .dcd:
            return try DCDTrajectory(
                path, existing: existing, every: trajectory.stream.every, timestep: timestep.femtoseconds,
                wrapsPositions: trajectory.isWrapped, title: title)
        case .lammps: return try LAMMPSDump(path, existing: existing, wrapsPositions: trajectory.isWrapped)
        }
    }

    /// What the files that are to be continued hold up to a step.
    func scans(through step: Int, columns: [ThermoQuantity]) throws -> [(
        role: String, path: String, every: Int, scan: FrameScan
    )] {
        var scans: [(role: String, path: String, every: Int, scan: FrameScan)] = []
        if let trajectory {
            let path = trajectory.stream.file
            let scan =
                switch trajectory.format {
                case .netcdf: try NetCDFTrajectory.scan(path, through: step)
                case .xyz: try ExtendedXYZTrajectory.scan(path, through: step)
                case .dcd: try DCDTrajectory.scan(path, through: step)
                case .lammps: try LAMMPSDump.scan(path, through: step)
                }
            scans.append(("trajectory", path, trajectory.stream.every, scan))
        }
        if let thermo {
            let quantities = ThermoQuantity.usual + columns
            let scan = try ThermoTable.scan(thermo.file, quantities: quantities, through: step)
            scans.append(("thermo", thermo.file, thermo.every, scan))
        }
        if let heatFlux {
            let scan = try ThermoTable.scan(
                heatFlux.file, quantities: ThermoQuantity.conduction, through: step)
            scans.append(("heat_flux", heatFlux.file, heatFlux.every, scan))
        }
        if let (stream, _) = candidates {
            scans.append(
                ("candidates", stream.file, stream.every, try ExtendedXYZTrajectory.scan(stream.file, through: step)))
        }
        return scans
    }

    /// How far the files have come, by the section of the settings that they belong to.
    var marks: [String: FrameMark] {
        Dictionary(uniqueKeysWithValues: writers.map { ($0.role, $0.writer.mark) })
    }

    /// Brings all frames to the disk.
    func synchronize() throws {
        for output in writers { try output.writer.synchronize() }
    }

    /// The files that hold something of this run.
    var filesWithFrames: [String] { writers.filter { $0.frames > 0 }.map(\.path) }

    /// Steps between frames that carry what the potential predicts beside energies and forces.
    var propertyInterval: Int? {
        trajectory.flatMap { $0.properties == .none ? nil : $0.stream.every }
    }

    /// Files other than trajectories take no properties: candidates are to be labelled.
    func append(_ given: Frame) throws {
        let properties = given.structure.properties
        var frame = given
        frame.structure.properties = [:]
        for index in writers.indices where frame.step.isMultiple(of: writers[index].every) {
            if let trajectory, writers[index].path == trajectory.stream.file {
                var frame = frame
                if !trajectory.velocities { frame.structure.velocities = nil }
                if !trajectory.forces { frame.structure.forces = nil }
                switch trajectory.properties {
                case .none: break
                case .all: frame.structure.properties = properties
                case .named(let names): frame.structure.properties = properties.filter { names.contains($0.key) }
                }
                try writers[index].writer.append(frame)
            } else {
                try writers[index].writer.append(frame)
            }
            writers[index].frames += 1
        }
    }

    /// Whether a row of the heat flux is due at this step.
    func wantsHeatFlux(at step: Int) -> Bool { heatFlux.map { step.isMultiple(of: $0.every) } ?? false }

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
            let unit = entry.writer is ThermoTable ? "row" : "frame"
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
