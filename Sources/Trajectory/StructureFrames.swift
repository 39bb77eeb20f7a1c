import Atoms
import StructureFiles

/// The structures of a file as frames: extended XYZ, LAMMPS dumps, XDATCAR and all that is read elsewhere.
///
/// `step` and `time` (fs), `kinetic_energy` and `conserved_energy` (eV), `temperature` (K) and `pressure` (GPa) are
/// those of extended XYZ as `ExtendedXYZTrajectory` writes it; a dump numbers its steps, and says times in units that
/// it does not name, so that they are not taken.
final class StructureFrames: FrameReader {
    let path: String
    let frameCount: Int
    let elements: [Element]
    let hasTimes: Bool
    private var reader: any StructureReader
    private var next = 0

    /// Reads the file once to its end.
    init(_ path: String) throws {
        self.path = path
        let all = try StructureFormats.open(path, use: .structureOnly)
        guard let first = try all.next() else {
            throw TrajectoryError(.malformed, path, "expected frames, found none.")
        }
        elements = first.elements
        var count = 1
        while let structure = try all.next() {
            count += 1
            guard structure.elements == elements else {
                throw TrajectoryError(
                    .mismatch, path,
                    "expected the atoms of the first frame (\(first.formula)) in every frame and in the same order, found \(structure.formula) in frame \(count)."
                )
            }
        }
        frameCount = count
        hasTimes = Self.time(of: first) != nil
        reader = try StructureFormats.open(path)
    }

    func frame(at index: Int) throws -> Frame {
        precondition(index >= next && index < frameCount, "expected a frame of \(next)..<\(frameCount), got \(index)")
        var found: Structure?
        while next <= index {
            found = try reader.next()
            next += 1
        }
        guard var structure = found else {
            throw TrajectoryError(
                .malformed, path, "expected \(frameCount) frames, found \(next - 1): the file has changed.")
        }
        func number(_ key: String) -> Double? { structure.information[key].flatMap(Double.init) }
        var frame = Frame(
            structure: structure, step: Int(exactly: number("step") ?? number("timestep") ?? .nan) ?? index)
        frame.time = Self.time(of: structure) ?? Double(index)
        (frame.kineticEnergy, frame.conservedEnergy) = (number("kinetic_energy"), number("conserved_energy"))
        frame.temperature = number("temperature")
        if let pressure = number("pressure").map({ $0 / Units.gigapascal }) {
            frame.totalStress = Matrix3.identity * -pressure
        }
        structure.information = [:]
        frame.structure = structure
        return frame
    }

    /// fs
    private static func time(of structure: Structure) -> Double? {
        guard structure.information["step"] != nil else { return nil }
        return structure.information["time"].flatMap(Double.init)
    }
}
