import Atoms
import StructureFiles
import Trajectory

/// The structure that a command begins with: a frame of a file, repeated.
struct StartingStructure {
    var file: String
    /// Counted from 1; −1 is the last.
    var frame = 1
    var supercell = [1, 1, 1]

    /// Reads a structure file of any format, or a trajectory to be continued. Throws when the frame is not there or the
    /// structure cannot be repeated.
    func read() throws -> Structure {
        var structure = try FileKind(of: file) == .trajectory ? frameOfTrajectory() : frameOfStructures()
        structure.energy = nil
        structure.forces = nil
        structure.stress = nil
        guard structure.count > 0 else { throw CommandError("\(file): frame \(frame) has no atoms") }
        guard supercell != [1, 1, 1] else { return structure }
        for (axis, copies) in supercell.enumerated() where copies > 1 {
            guard let cell = structure.cell, cell.repeats(along: axis) else {
                throw CommandError(
                    "\(file): supercell \(supercell) repeats the structure along vector \(axis + 1), but it "
                        + (structure.cell == nil ? "has no cell" : "is not periodic along it"))
            }
        }
        let atoms = supercell.reduce(Double(structure.count)) { $0 * Double($1) }
        guard atoms < 0x1p31 else { throw CommandError("\(file): supercell \(supercell) would have \(atoms) atoms") }
        return structure.repeated(supercell[0], supercell[1], supercell[2])
    }

    private func missing(count: Int) -> CommandError {
        CommandError("\(file): expected a frame of 1…\(count) (or −1 for the last), found \(frame)")
    }

    private func frameOfStructures() throws -> Structure {
        let reader = try StructureFormats.open(file, use: .structureOnly)
        let structure = try frame(of: reader)
        try reader.verifyRest()
        reader.tellRemarks()
        return structure
    }

    private func frame(of reader: any StructureReader) throws -> Structure {
        var (count, last) = (0, [Structure]())
        while let structure = try reader.next() {
            count += 1
            if count == frame { return structure }
            guard frame < 0 else { continue }
            if last.count == -frame { last.removeFirst() }
            last.append(structure)
        }
        guard frame < 0, last.count == -frame else { throw missing(count: count) }
        return last[0]
    }

    private func frameOfTrajectory() throws -> Structure {
        let reader = try NetCDFTrajectoryReader(file)
        let index = frame > 0 ? frame - 1 : reader.frameCount + frame
        guard (0..<reader.frameCount).contains(index) else { throw missing(count: reader.frameCount) }
        return try reader.frame(at: index).structure
    }
}
