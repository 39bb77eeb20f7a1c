import Atoms
import Foundation
import StructureFiles
import Testing

@testable import Trajectory

/// Whatever format a trajectory is written in, its frames are read back alike.
@Suite struct FrameReaderTests {
    private static let formats = ["nc", "xyz", "lammpstrj", "dcd"]

    private func writer(_ path: String) throws -> any TrajectoryWriter {
        switch (path as NSString).pathExtension {
        case "nc": try NetCDFTrajectory(path)
        case "xyz": try ExtendedXYZTrajectory(path)
        case "lammpstrj": try LAMMPSDump(path)
        default: try DCDTrajectory(path, every: 10, timestep: 0.5)
        }
    }

    @Test(arguments: formats, [Samples.triclinic, Samples.leftHanded, nil])
    func framesAreReadInAnyFormat(format: String, cell: Cell?) throws {
        try Samples.withFolder { folder in
            let (path, topology) = (folder + "/t." + format, folder + "/t.pdb")
            let frames = (0..<4).map { Samples.frame($0 * 10, cell: cell) }
            let file = try writer(path)
            for frame in frames { try file.append(frame) }
            try file.close()
            try PDBTopology.write(frames[0].structure, to: topology)
            let reader = try FrameReaders.open(path)
            #expect(reader.frameCount == 4)
            #expect(reader.elements == frames[0].structure.elements)
            // LAMMPS numbers steps and names no unit of time.
            #expect(reader.hasTimes == (format != "lammpstrj"))
            for index in [0, 2, 3] {
                let (found, expected) = (try reader.frame(at: index), frames[index])
                #expect(found.step == expected.step)
                if reader.hasTimes { #expect(abs(found.time - expected.time) < 1e-5) }
                // Distances do not know how a cell is turned; single precision of 40 Å.
                let (x, y) = (found.structure.positions, expected.structure.positions)
                for i in 1..<x.count {
                    #expect(abs(norm(x[i] - x[0]) - norm(y[i] - y[0])) < 40 * 0x1p-21)
                }
                // A dump of an open system has a box that does not repeat.
                let box = found.structure.cell.flatMap { $0.isFullyPeriodic ? $0 : nil }
                #expect((box == nil) == (cell == nil))
                if let cell, let box { #expect(abs(box.volume - cell.volume) < 1e-9 * cell.volume) }
                if format != "dcd" { #expect(found.structure.velocities != nil && found.structure.forces != nil) }
            }
            let timed = try FrameReaders.open(path, interval: 7)
            #expect(timed.hasTimes)
            #expect(try timed.frame(at: 3).time == 21)
        }
    }

    @Test func aDCDFileNeedsElements() throws {
        try Samples.withFolder { folder in
            let path = folder + "/alone.dcd"
            let file = try writer(path)
            try file.append(Samples.frame(0, cell: nil))
            try file.close()
            let error = #expect(throws: TrajectoryError.self) { try FrameReaders.open(path) }
            #expect(error?.message.contains("alone.pdb") == true)
            try PDBTopology.write(Samples.frame(0, cell: nil, count: 5).structure, to: folder + "/other.pdb")
            #expect(throws: TrajectoryError.self) { try FrameReaders.open(path, topology: folder + "/other.pdb") }
            try PDBTopology.write(Samples.frame(0, cell: nil).structure, to: folder + "/same.pdb")
            let reader = try FrameReaders.open(path, topology: folder + "/same.pdb")
            #expect(reader.frameCount == 1)
            // Damaged: cut within the header, and a record's length changed.
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            try data.prefix(150).write(to: URL(fileURLWithPath: path))
            #expect(throws: TrajectoryError.self) { try FrameReaders.open(path, topology: folder + "/same.pdb") }
            var changed = data
            changed[DCDTrajectory.Header.size] ^= 1
            try changed.write(to: URL(fileURLWithPath: path))
            let damaged = try FrameReaders.open(path, topology: folder + "/same.pdb")
            #expect(throws: TrajectoryError.self) { try damaged.frame(at: 0) }
        }
    }

    @Test func atomsThatChangeAreRefused() throws {
        try Samples.withFolder { folder in
            let path = folder + "/two.xyz"
            try "1\n\nH 0 0 0\n1\n\nO 0 0 0\n".write(toFile: path, atomically: true, encoding: .utf8)
            let error = #expect(throws: TrajectoryError.self) { try FrameReaders.open(path) }
            #expect(error?.message.contains("frame 2") == true)
        }
    }
}
