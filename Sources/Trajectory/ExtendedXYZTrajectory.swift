import Atoms
import Files
import Foundation
import StructureFiles

/// A trajectory as extended XYZ text, which ASE and OVITO read: everything in double precision and in the orientation
/// of the simulation, at about ten times the size of `NetCDFTrajectory` and a hundred times its cost.
///
/// What belongs to the motion stands on the comment line: `step`, `time` (fs), `kinetic_energy` and
/// `conserved_energy` (eV), `temperature` (K), `pressure` (GPa). Frames of a trajectory can be training data.
public final class ExtendedXYZTrajectory: TrajectoryWriter {
    public let path: String
    public private(set) var mark = FrameMark()
    private let wrapsPositions: Bool
    private let file: AppendedFile

    /// - Parameter wrapsPositions: fold positions into the cell along its periodic vectors.
    /// - Throws: `TrajectoryError` when the file exists and `existing` is `.refuse`, or when it cannot be written.
    public init(_ path: String, existing: ExistingFile = .refuse, wrapsPositions: Bool = false) throws {
        self.path = path
        self.wrapsPositions = wrapsPositions
        var scan = FrameScan()
        if case .append(let step) = existing { scan = try Self.scan(path, through: step) }
        file = try .opening(path, existing, kept: scan.end)
        mark = scan.mark
    }

    public func append(_ frame: Frame) throws {
        var structure = frame.structure
        if wrapsPositions, let cell = structure.cell { structure.positions = structure.positions.map(cell.wrapped) }
        structure.information["step"] = "\(frame.step)"
        structure.information["time"] = "\(frame.time)"
        let values = [
            ("kinetic_energy", frame.kineticEnergy), ("conserved_energy", frame.conservedEnergy),
            ("temperature", frame.temperature), ("pressure", frame.pressure.map { $0 * Units.gigapascal }),
        ]
        for case (let name, let value?) in values { structure.information[name] = "\(value)" }
        do {
            let text = try ExtendedXYZWriter.frame(structure, of: path)
            try TrajectoryError.translating(path, step: frame.step) { try file.append(text) }
        } catch let error as StructureFileError {
            throw TrajectoryError(
                .cannotWrite, path, "cannot write the frame of step \(frame.step): \(error.message)")
        }
        mark = FrameMark(frames: mark.frames + 1, step: frame.step, conservedEnergy: frame.conservedEnergy)
    }

    public func synchronize() throws { try TrajectoryError.translating(path) { try file.synchronize() } }

    public func close() throws { try TrajectoryError.translating(path) { try file.close() } }

    /// What an existing file holds up to a step; nothing of one that is not there. A frame that was cut off is left
    /// out.
    public static func scan(_ path: String, through step: Int) throws -> FrameScan {
        var scan = FrameScan()
        guard FileManager.default.fileExists(atPath: path) else { return scan }
        do {
            let reader = try ExtendedXYZReader(path: path, use: .structureOnly)
            guard !reader.isCompressed else {
                throw TrajectoryError(.mismatch, path, "is compressed; decompress it, so that it can be continued.")
            }
            while let structure = try reader.next() {
                guard let frameStep = structure.information["step"].flatMap({ Int($0) }) else {
                    throw TrajectoryError(
                        .mismatch, path,
                        "a frame does not say which step it belongs to, so the file cannot be continued.")
                }
                guard frameStep <= step else { break }
                guard try endsALine(path, at: reader.position) else {
                    scan.problem = "the last line of the frame of step \(frameStep) is cut off"
                    break
                }
                scan.mark = FrameMark(
                    frames: scan.mark.frames + 1, step: frameStep,
                    conservedEnergy: structure.information["conserved_energy"].flatMap { Double($0) })
                scan.end = reader.position
            }
        } catch let error as StructureFileError {
            scan.problem = "\(error)"
        }
        return scan
    }

    private static func endsALine(_ path: String, at position: Int) throws -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        defer { if descriptor >= 0 { Foundation.close(descriptor) } }
        var last: UInt8 = 0
        guard descriptor >= 0, pread(descriptor, &last, 1, off_t(position - 1)) == 1 else {
            throw TrajectoryError(.cannotRead, path, "cannot be read: \(SystemError.reason(errno)).")
        }
        return last == UInt8(ascii: "\n")
    }
}
