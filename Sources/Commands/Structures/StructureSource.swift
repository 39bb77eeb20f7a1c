import Atoms
import StructureFiles
import Trajectory

/// The structures of a file one after the other, without labels: of a structure file of any format, or the frames of a
/// trajectory.
final class StructureSource {
    let path: String
    private enum Reader {
        case structures(any StructureReader)
        case trajectory(NetCDFTrajectoryReader, next: Int)
    }
    private var reader: Reader

    init(_ path: String) throws {
        self.path = path
        reader =
            try FileKind(of: path) == .trajectory
            ? .trajectory(try NetCDFTrajectoryReader(path), next: 0)
            : .structures(try StructureFormats.open(path, use: .structureOnly))
    }

    func next() throws -> Structure? {
        var found: Structure?
        switch reader {
        case .structures(let structures):
            found = try structures.next()
            if found == nil { structures.tellRemarks() }
        case .trajectory(let trajectory, let index):
            guard index < trajectory.frameCount else { return nil }
            found = try trajectory.frame(at: index).structure
            reader = .trajectory(trajectory, next: index + 1)
        }
        found?.energy = nil
        found?.forces = nil
        found?.stress = nil
        found?.deviation = nil
        return found
    }
}
