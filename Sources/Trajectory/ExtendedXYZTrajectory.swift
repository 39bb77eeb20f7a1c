import Atoms
import Foundation
import StructureFiles

/// A trajectory as extended XYZ text, which ASE and OVITO read: everything in double precision and in the orientation
/// of the simulation, at about ten times the size of `NetCDFTrajectory` and a hundred times its cost.
///
/// What belongs to the motion stands on the comment line: `step`, `time` (fs), `kinetic_energy` and
/// `conserved_energy` (eV), `temperature` (K), `pressure` (GPa). Frames of a trajectory can be training data.
public final class ExtendedXYZTrajectory: TrajectoryWriter {
    public let path: String
    private let wrapsPositions: Bool
    private let writer: ExtendedXYZWriter

    /// - Parameter wrapsPositions: fold positions into the cell along its periodic vectors.
    /// - Throws: `TrajectoryError` when the file exists and `existing` is `.refuse`, or when it cannot be written.
    public init(_ path: String, existing: ExistingFile = .refuse, wrapsPositions: Bool = false) throws {
        self.path = path
        self.wrapsPositions = wrapsPositions
        let exists = FileManager.default.fileExists(atPath: path)
        do {
            switch existing {
            case .refuse:
                guard !exists else {
                    throw TrajectoryError(
                        .exists, path,
                        "the file exists already. Choose another name, or say that it may be overwritten.")
                }
            case .overwrite: if exists { try FileManager.default.removeItem(atPath: path) }
            case .append(let step): if exists { try Self.cut(path, after: step) }
            }
            writer = try ExtendedXYZWriter(path: path, mode: .appending)
        } catch let error as TrajectoryError {
            throw error
        } catch let error as StructureFileError {
            throw TrajectoryError(.cannotWrite, path, error.message)
        } catch {
            throw TrajectoryError(.cannotWrite, path, "cannot be replaced: \(error.localizedDescription).")
        }
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
            try writer.write(structure)
        } catch let error as StructureFileError {
            throw TrajectoryError(
                .cannotWrite, path, "cannot write the frame of step \(frame.step): \(error.message)")
        }
    }

    public func close() throws {
        do {
            try writer.close()
        } catch let error as StructureFileError {
            throw TrajectoryError(.cannotWrite, path, error.message)
        }
    }

    /// Leaves the frames up to a step. The file is replaced all at once by its beginning.
    private static func cut(_ path: String, after step: Int) throws {
        let reader = try ExtendedXYZReader(path: path)
        let writer = try ExtendedXYZWriter(path: path, mode: .replacing)
        while let structure = try reader.next() {
            guard let frameStep = structure.information["step"].flatMap(Int.init) else {
                throw TrajectoryError(
                    .mismatch, path, "a frame does not say which step it belongs to, so the file cannot be continued."
                )
            }
            guard frameStep <= step else { break }
            try writer.write(structure)
        }
        try writer.close()
    }
}
