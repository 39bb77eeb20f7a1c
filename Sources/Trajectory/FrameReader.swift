import Atoms
import Foundation
import StructureFiles

/// The frames of a file, in any format that can hold several.
///
/// Contract: all frames are of the same atoms in the same order; a frame is read whole or refused with the place.
/// Numbers of frames are to ascend from call to call.
public protocol FrameReader: AnyObject {
    var path: String { get }
    var frameCount: Int { get }
    var elements: [Element] { get }
    /// Whether frames say when they are: `Frame.time` grows.
    var hasTimes: Bool { get }
    func frame(at index: Int) throws -> Frame
}

extension NetCDFTrajectoryReader: FrameReader {}

/// Opens files as trajectories.
public enum FrameReaders {
    /// - Parameters:
    ///   - topology: a file with a structure of the same atoms, for formats without elements (DCD); unless given the
    ///     PDB file of the same name beside it.
    ///   - interval: between frames, fs, for files that do not say times, and instead of those that a file says.
    /// - Throws: `TrajectoryError` or `StructureFileError` where the file cannot be opened, is damaged or of no format
    ///   that is known, and where its frames are not of the same atoms.
    public static func open(
        _ path: String, topology: String? = nil, interval: Double? = nil
    ) throws -> any FrameReader {
        let reader: any FrameReader
        switch try start(of: path) {
        case .netCDF: reader = try NetCDFTrajectoryReader(path, elements: try topology.map(elements))
        case .dcd: reader = try DCDTrajectoryReader(path, elements: try elements(topology ?? pdb(beside: path)))
        case .text: reader = try StructureFrames(path)
        }
        return interval.map { TimedFrames(reader, interval: $0) } ?? reader
    }

    /// Whether a file begins as one of netCDF or DCD does.
    public static func isTrajectory(_ path: String) throws -> Bool { try start(of: path) != .text }

    private enum Kind { case netCDF, dcd, text }

    private static func start(of path: String) throws -> Kind {
        guard let handle = FileHandle(forReadingAtPath: path), let start = try? handle.read(upToCount: 8) else {
            return .text
        }
        if start.starts(with: Data("CDF".utf8)) || NetCDF4Frames.isHDF5(start) { return .netCDF }
        return start.count == 8 && start[4..<8].elementsEqual("CORD".utf8) ? .dcd : .text
    }

    private static func pdb(beside path: String) throws -> String {
        let name = (path as NSString).deletingPathExtension + ".pdb"
        guard FileManager.default.fileExists(atPath: name) else {
            throw TrajectoryError(
                .mismatch, path,
                "a DCD file does not say which elements its atoms are: expected a structure of the same atoms as topology, or \(name), found neither."
            )
        }
        return name
    }

    private static func elements(_ path: String) throws -> [Element] {
        guard let structure = try StructureFormats.open(path, use: .structureOnly).next() else {
            throw TrajectoryError(
                .mismatch, path, "expected a structure with the elements of a trajectory, found none.")
        }
        return structure.elements
    }
}

/// Frames that are equally spaced because somebody says so.
final class TimedFrames: FrameReader {
    private let base: any FrameReader
    private let interval: Double

    /// - Parameter interval: fs
    init(_ base: any FrameReader, interval: Double) {
        precondition(interval > 0, "expected an interval above 0 fs, got \(interval)")
        (self.base, self.interval) = (base, interval)
    }

    var path: String { base.path }
    var frameCount: Int { base.frameCount }
    var elements: [Element] { base.elements }
    var hasTimes: Bool { true }

    func frame(at index: Int) throws -> Frame {
        var frame = try base.frame(at: index)
        frame.time = Double(index) * interval
        return frame
    }
}
