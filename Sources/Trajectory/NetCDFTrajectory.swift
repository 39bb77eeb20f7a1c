import Atoms
import CNetCDF
import Files
import Foundation

/// A trajectory in netCDF's 64-bit offset format after the AMBER convention 1.0, which MDAnalysis, mdtraj, ASE,
/// chemfiles, VMD, cpptraj and OVITO read. (ASE reads no system without a cell from netCDF; it has extended XYZ.)
///
/// Coordinates in Å, velocities in Å/ps, forces in kcal/(mol·Å), time in ps, as the convention has it; energies in eV,
/// temperature (K), pressure (GPa) and stress (eV/Å³) are variables beside it. Lengths and angles say nothing about
/// the orientation of a cell, so whatever has a direction is rotated into the one they imply (`StandardOrientation`),
/// and the cell itself is kept in `cell_vectors`; `NetCDFTrajectoryReader` turns everything back.
/// Masses stand there where they are not the standard atomic weights.
///
/// Every frame is handed to the operating system when `append` returns: killing the process loses none.
/// One frame of one quantity may take 4 GiB: 357 million atoms. (A compressed file is one of HDF5: only killing the
/// process within the hand-over itself can damage it.)
public final class NetCDFTrajectory: TrajectoryWriter {
    /// Of coordinates, velocities and forces; everything else is double.
    public enum Precision: Sendable { case single, double }

    public struct Options: Sendable {
        public var precision = Precision.single
        /// Fold positions into the cell along its periodic vectors.
        public var wrapsPositions = false
        /// Frames between two hand-overs to the operating system; 1 keeps every frame.
        public var framesPerSync = 1
        /// Deflate what there is of each atom, in netCDF-4, which readers that build on scipy (MDAnalysis, ASE) cannot
        /// open.
        public var isCompressed = false
        public var title = ""
        public var programVersion = "1"
        public init() {}
    }

    public let path: String
    public private(set) var mark = FrameMark()
    /// Frames in the file.
    public var frameCount: Int { mark.frames }
    /// The last frames that are with the operating system.
    private var synced = FrameMark()

    private let options: Options
    private let file: NetCDFFile
    /// Whether there was no file to go on with.
    private let isNew: Bool
    /// Until the file is closed.
    private var lock: FileLock?
    private var layout: NetCDFLayout?
    private var elements: [Element] = []
    private var unsynced = 0
    /// Whether a frame was not written as a whole.
    private var isDamaged = false
    private var isClosed = false
    /// `[3 · atom]` — one quantity of one frame on its way to the file.
    private var single: [Float] = []
    private var double: [Double] = []

    /// Creates or opens the file; its header is written with the first frame.
    ///
    /// - Throws: `TrajectoryError` when the file exists and `existing` is `.refuse`, or when it cannot be created.
    public init(_ path: String, existing: ExistingFile = .refuse, options: Options = Options()) throws {
        precondition(options.framesPerSync >= 1, "expected at least one frame per sync, got \(options.framesPerSync)")
        self.path = path
        self.options = options
        func create() throws -> NetCDFFile {
            try .create(path, replacing: existing == .overwrite, isCompressed: options.isCompressed)
        }
        if FileManager.default.fileExists(atPath: path) {
            lock = try TrajectoryError.translating(path) {
                try OutputFile.check(path, existing: existing == .refuse ? .refuse : .replace)
                return try FileLock(path)
            }
            if case .append(let step) = existing {
                let reader = try NetCDFTrajectoryReader(path)
                elements = reader.elements
                mark = try reader.scan(throughStep: step).mark
                synced = mark
                try reader.close()
                try Self.setFrameCount(mark.frames, in: path)
                file = try NetCDFFile.open(path, forWriting: true)
                isNew = false
                layout = try NetCDFLayout(of: file)
            } else {
                file = try create()
                isNew = true
            }
        } else {
            file = try create()
            isNew = true
            lock = try TrajectoryError.translating(path) { try FileLock(path) }
        }
    }

    public func append(_ frame: Frame) throws {
        let contents = NetCDFLayout.Contents(of: frame)
        let layout = try self.layout ?? noticingDamage { try define(contents, frame) }
        guard frame.structure.elements == elements else {
            throw TrajectoryError(
                .mismatch, path,
                "the frame of step \(frame.step) has atoms \(frame.structure.formula) in another order or number than "
                    + "the \(elements.count) atoms of the file. A trajectory keeps its atoms; begin another file.")
        }
        guard contents == layout.contents else {
            throw TrajectoryError(
                .mismatch, path,
                "the frame of step \(frame.step) carries \(contents) where the frames before it carry "
                    + "\(layout.contents). Begin another file.")
        }
        try noticingDamage { try write(frame, layout) }
        mark = FrameMark(frames: mark.frames + 1, step: frame.step, conservedEnergy: frame.conservedEnergy)
        unsynced += 1
        if unsynced >= options.framesPerSync { try sync() }
    }

    deinit { if isNew, frameCount == 0 { try? close() } }

    private func noticingDamage<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            isDamaged = true
            throw error
        }
    }

    /// Hands all frames to the operating system.
    public func sync() throws {
        do {
            try file.write("frame \(frameCount - 1)") { nc_sync(file.id) }
        } catch {
            mark = synced
            isDamaged = true
            throw error
        }
        synced = mark
        unsynced = 0
    }

    public func synchronize() throws {
        if unsynced > 0 { try sync() }
        try TrajectoryError.translating(path) { try lock?.synchronize() }
    }

    /// What an existing file holds up to a step; nothing of one that is not there.
    public static func scan(_ path: String, through step: Int) throws -> FrameScan {
        guard FileManager.default.fileExists(atPath: path) else { return FrameScan() }
        return try NetCDFTrajectoryReader(path).scan(throughStep: step)
    }

    /// Ends the file. After a frame that could not be written, the file ends with the last whole one; of a new file
    /// without any, whose header may not be whole either, nothing is left.
    public func close() throws {
        defer { (lock, isClosed) = (nil, true) }
        if isNew, frameCount == 0, !isClosed {
            try? file.close()
            unlink(FilePath.resolved(path))
            return
        }
        guard isDamaged else { return try file.close() }
        try? file.close()
        try Self.setFrameCount(frameCount, in: path)
    }

    private func define(_ contents: NetCDFLayout.Contents, _ frame: Frame) throws -> NetCDFLayout {
        elements = frame.structure.elements
        let layout = try NetCDFLayout(
            defining: contents, atomCount: elements.count, hasMasses: frame.structure.masses != nil, in: file,
            precision: options.precision,
            title: options.title.isEmpty ? frame.structure.formula : options.title,
            programVersion: options.programVersion)
        let numbers = elements.map { Int32($0.atomicNumber) }
        try file.write("atomic numbers") { nc_put_var_int(file.id, layout.atomTypes, numbers) }
        if let masses = frame.structure.masses, let variable = layout.masses {
            try file.write("masses") { nc_put_var_double(file.id, variable, masses) }
        }
        self.layout = layout
        return layout
    }

    /// Shortens a file by what its header says, the big-endian number of records at byte 4. The records behind it are
    /// overwritten by the next frames. netCDF itself cannot shorten a file.
    private static func setFrameCount(_ count: Int, in path: String) throws {
        do {
            let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            defer { try? handle.close() }
            let start = try handle.read(upToCount: 4) ?? Data()
            if NetCDF4Frames.isHDF5(start) { return try NetCDF4Frames.cut(path, to: count) }
            guard start == Data("CDF\u{2}".utf8) else {
                throw TrajectoryError(
                    .mismatch, path,
                    "only files in the 64-bit offset format or netCDF-4, as written here, can be continued.")
            }
            try handle.write(contentsOf: withUnsafeBytes(of: UInt32(count).bigEndian) { Data($0) })
        } catch let error as TrajectoryError {
            throw error
        } catch {
            throw TrajectoryError(.cannotWrite, path, "cannot continue the file: \(error.localizedDescription).")
        }
    }
}

// MARK: - One frame

extension NetCDFTrajectory {
    /// 1 Å/fs in Å/ps.
    static let angstromPerPicosecond = 1000.0
    /// 1 fs in ps.
    static let picosecond = 1e-3

    private func write(_ frame: Frame, _ layout: NetCDFLayout) throws {
        let structure = frame.structure
        let orientation = structure.cell.map(StandardOrientation.init)
        try put(frame.time * Self.picosecond, layout.time, "time")
        try put(Double(frame.step), layout.step, "step")
        if let cell = structure.cell, let orientation {
            let (lengths, angles) = orientation.cell.lengthsAndAngles
            try put([lengths.x, lengths.y, lengths.z], layout.cellLengths, [3], "cell")
            try put([angles.x, angles.y, angles.z], layout.cellAngles, [3], "cell")
            try put(cell.vectors.elements, layout.cellVectors, [3, 3], "cell")
            try put((0..<3).map { cell.repeats(along: $0) ? 1 : 0 }, layout.cellPeriodicity, [3], "cell")
        }
        let positions =
            options.wrapsPositions
            ? structure.cell.map { cell in structure.positions.map { cell.wrapped($0) } } ?? structure.positions
            : structure.positions
        try put(positions, layout.coordinates, orientation, factor: 1, "coordinates")
        try put(
            structure.velocities, layout.velocities, orientation, factor: Self.angstromPerPicosecond, "velocities")
        try put(structure.forces, layout.forces, orientation, factor: Units.kilocaloriePerMole, "forces")
        try put(structure.energy, layout.potentialEnergy, "energy")
        try put(frame.kineticEnergy, layout.kineticEnergy, "energy")
        try put(frame.totalEnergy, layout.totalEnergy, "energy")
        try put(frame.conservedEnergy, layout.conservedEnergy, "energy")
        try put(frame.temperature, layout.temperature, "temperature")
        try put(frame.pressure.map { $0 * Units.gigapascal }, layout.pressure, "pressure")
        try put(tensor: structure.stress, layout.stress, orientation)
        try put(tensor: frame.totalStress, layout.totalStress, orientation)
        if let deviation = structure.deviation {
            try put(deviation.energy, layout.energyDeviation, "deviation")
            try put(deviation.forces, layout.forcesDeviation, [deviation.forces.count], "deviation")
        }
        for (property, variable) in layout.properties {
            let numbers = structure.properties[property]!
            try put(
                orientation?.turn(numbers, of: property.shape) ?? numbers, variable,
                property.shape(atoms: structure.count), property.name)
        }
    }

    private func put(_ value: Double?, _ variable: Int32?, _ name: String) throws {
        guard var value, let variable else { return }
        var index = frameCount
        try file.write("\(name) of frame \(frameCount)") { nc_put_var1_double(file.id, variable, &index, &value) }
    }

    private func put(_ values: [Double], _ variable: Int32?, _ shape: [Int], _ name: String) throws {
        guard let variable else { return }
        let start = [frameCount] + shape.map { _ in 0 }
        try file.write("\(name) of frame \(frameCount)") {
            nc_put_vara_double(file.id, variable, start, [1] + shape, values)
        }
    }

    private func put(tensor: Matrix3?, _ variable: Int32?, _ orientation: StandardOrientation?) throws {
        guard let tensor else { return }
        try put((orientation?.turn(tensor) ?? tensor).elements, variable, [3, 3], "stress")
    }

    private func put(
        _ vectors: [SIMD3<Double>]?, _ variable: Int32?, _ orientation: StandardOrientation?, factor: Double,
        _ name: String
    ) throws {
        guard let vectors, let variable else { return }
        let start = [frameCount, 0, 0]
        let count = [1, vectors.count, 3]
        let rotation = (orientation?.rotation ?? .identity) * factor
        if options.precision == .single {
            if single.count != 3 * vectors.count { single = Array(repeating: 0, count: 3 * vectors.count) }
            for i in vectors.indices {
                let turned = SIMD3<Float>(vectors[i] * rotation)
                single[3 * i] = turned.x
                single[3 * i + 1] = turned.y
                single[3 * i + 2] = turned.z
            }
            try file.write("\(name) of frame \(frameCount)") {
                nc_put_vara_float(file.id, variable, start, count, single)
            }
        } else {
            if double.count != 3 * vectors.count { double = Array(repeating: 0, count: 3 * vectors.count) }
            for i in vectors.indices {
                let turned = vectors[i] * rotation
                double[3 * i] = turned.x
                double[3 * i + 1] = turned.y
                double[3 * i + 2] = turned.z
            }
            try file.write("\(name) of frame \(frameCount)") {
                nc_put_vara_double(file.id, variable, start, count, double)
            }
        }
    }
}
