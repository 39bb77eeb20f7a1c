import Atoms
import Foundation
import Testing
import Trajectory

/// Writes trajectories and what is in them, in full precision, for `Tests/python/test_trajectory.py`, which opens them
/// with the programs that people use. The environment variable `APUS_SAMPLES` names the folder.
@Suite struct PythonSamples {
    static let folder = ProcessInfo.processInfo.environment["APUS_SAMPLES"].map { $0 + "/trajectories" }

    @Test(.enabled(if: folder != nil), arguments: NetCDFTests.cells.indices)
    func write(cell index: Int) throws {
        let name = ["cubic", "triclinic", "left-handed", "slab", "open"][index]
        let base = try #require(Self.folder) + "/" + name
        try FileManager.default.createDirectory(atPath: Self.folder!, withIntermediateDirectories: true)
        let frames = (0..<4).map { Samples.frame($0 * 10, cell: NetCDFTests.cells[index], count: 20) }
        for precision in [NetCDFTrajectory.Precision.single, .double] {
            var options = NetCDFTrajectory.Options()
            options.precision = precision
            let writer = try NetCDFTrajectory(base + "-\(precision).nc", existing: .overwrite, options: options)
            for frame in frames { try writer.append(frame) }
            try writer.close()
        }
        let text = try ExtendedXYZTrajectory(base + ".xyz", existing: .overwrite)
        for frame in frames { try text.append(frame) }
        try text.close()
        try PDBTopology.write(frames[0].structure, to: base + ".pdb")
        let dump = frames.map { frame in
            Dump(
                numbers: frame.structure.elements.map(\.atomicNumber), time: frame.time,
                positions: Self.rows(frame.structure.positions), velocities: Self.rows(frame.structure.velocities!),
                forces: Self.rows(frame.structure.forces!),
                cell: frame.structure.cell.map { cell in (0..<3).map { Self.row(cell.vectors[row: $0]) } } ?? [],
                potentialEnergy: frame.structure.energy!, kineticEnergy: frame.kineticEnergy!,
                temperature: frame.temperature!)
        }
        try JSONEncoder().encode(dump).write(to: URL(fileURLWithPath: base + ".json"))
    }

    private struct Dump: Codable {
        var numbers: [Int]
        var time: Double
        var positions, velocities, forces, cell: [[Double]]
        var potentialEnergy, kineticEnergy, temperature: Double
    }

    private static func row(_ v: SIMD3<Double>) -> [Double] { [v.x, v.y, v.z] }
    private static func rows(_ vectors: [SIMD3<Double>]) -> [[Double]] { vectors.map(row) }
}
