import Atoms
import Files
import StructureFiles

/// netCDF trajectories as an output of `apus convert`: structures of the same atoms, in double precision.
public struct NetCDFOutput: StructureOutput {
    public let name = "netCDF trajectory"
    public let word = "netcdf"
    public let fileNames = ["*.nc", "*.ncdf"]

    public init() {}

    public func writer(_ path: String, existing: OutputFile.Existing) throws -> any StructureWriter {
        try NetCDFStructures(path, existing: existing)
    }
}

/// Writes structures as the frames of a trajectory, one step apart.
final class NetCDFStructures: StructureWriter {
    let path: String
    private let place: OutputPlace
    private let trajectory: NetCDFTrajectory
    private var count = 0
    private var hasInformation = false

    init(_ path: String, existing: OutputFile.Existing) throws {
        self.path = path
        place = try OutputPlace(path, existing: existing)
        var options = NetCDFTrajectory.Options()
        options.precision = .double
        // Nobody sees the file before it is whole.
        options.framesPerSync = 1000
        trajectory = try NetCDFTrajectory(place.path, options: options)
    }

    var remarks: [String] {
        hasInformation ? ["\(path): information such as config_type has no place in a trajectory"] : []
    }

    func write(_ structure: Structure) throws {
        if !structure.information.isEmpty { hasInformation = true }
        do {
            try trajectory.append(Frame(structure: structure, step: count, time: Double(count)))
        } catch let error as TrajectoryError {
            throw StructureFileError(file: path, message: "structure \(count + 1): \(error.message)")
        }
        count += 1
    }

    func close() throws {
        guard count > 0 else {
            throw StructureFileError(file: path, message: "expected structures to write, found none")
        }
        try trajectory.close()
        try place.close()
    }
}
