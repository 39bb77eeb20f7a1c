import Atoms
import Foundation
import Synchronization
import Testing
import Trajectory

/// What is left of a file when its writer dies. Each writer and each reader is a process of its own.
@Suite(.serialized) struct CrashTests {
    /// Killed after 1 to 60 ms, in the middle of whatever it does then.
    @Test(arguments: [1, 2, 4, 7, 11, 16, 23, 33, 46, 60])
    func everyFrameSurvivesAKill(milliseconds: Int) async throws {
        let folder: String = FileManager.default.temporaryDirectory.appendingPathComponent(
            "apus-\(UUID().uuidString)"
        ).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [folder = folder as String, milliseconds = milliseconds as Int] in
            let writer = try NetCDFTrajectory(folder + "/t.nc")
            let table = try ThermoTable(folder + "/t.csv")
            let done = try FileHandle(forWritingTo: CrashTests.emptyFile(folder + "/done"))
            try writer.append(Samples.frame(0, cell: Samples.cubic, count: 500))
            Thread.detachNewThread {
                usleep(UInt32(milliseconds) * 1000)
                kill(getpid(), SIGKILL)
            }
            for step in 1... {
                let frame = Samples.frame(step, cell: Samples.cubic, count: 500)
                try writer.append(frame)
                try table.append(frame)
                // One byte for every frame that append has promised to keep.
                try done.write(contentsOf: Data([0]))
            }
        }
        await #expect(processExitsWith: .success) { [folder = folder as String] in
            let promised = try Data(contentsOf: URL(fileURLWithPath: folder + "/done")).count + 1
            let reader = try NetCDFTrajectoryReader(folder + "/t.nc")
            #expect(reader.frameCount >= promised, "\(reader.frameCount) of \(promised) frames are left")
            for index in 0..<reader.frameCount {
                let expected = Samples.frame(index, cell: Samples.cubic, count: 500)
                let frame = try reader.frame(at: index)
                #expect(frame.step == index)
                #expect(frame.totalEnergy == expected.totalEnergy)
                #expect(
                    frame.structure.positions.map { SIMD3<Float>($0) }
                        == expected.structure.positions.map { SIMD3<Float>($0) })
                #expect(norm(frame.structure.forces!.last! - expected.structure.forces!.last!) < 1e-5)
            }
            // And the run goes on from there.
            let writer = try NetCDFTrajectory(folder + "/t.nc", existing: .append(after: reader.frameCount - 1))
            try writer.append(Samples.frame(reader.frameCount, cell: Samples.cubic, count: 500))
            try writer.close()
            #expect(try NetCDFTrajectoryReader(folder + "/t.nc").frameCount == reader.frameCount + 1)
            let table = try ThermoTable(folder + "/t.csv", existing: .append(after: reader.frameCount))
            try table.close()
        }
    }

    /// A limit on the size of files acts like a full disk: `write` fails in the middle of a frame.
    @Test func aFullDiskIsAnErrorAndLeavesWholeFrames() async {
        await #expect(processExitsWith: .success) {
            try Samples.withFolder { folder in
                signal(SIGXFSZ, SIG_IGN)
                var limit = rlimit(rlim_cur: 100_000, rlim_max: 100_000)
                setrlimit(__rlimit_resource_t(1), &limit)  // RLIMIT_FSIZE
                let writer = try NetCDFTrajectory(folder + "/t.nc")
                var written = 0
                let error = #expect(throws: TrajectoryError.self) {
                    for step in 0..<100 {
                        try writer.append(Samples.frame(step, cell: Samples.cubic, count: 500))
                        written += 1
                    }
                }
                #expect(error?.code == .cannotWrite)
                #expect(error?.message.contains("File too large") == true, "\(String(describing: error))")
                #expect(written > 2 && written < 10)
                try writer.close()
                let reader = try NetCDFTrajectoryReader(folder + "/t.nc")
                #expect(reader.frameCount == written)
                #expect(try reader.frame(at: written - 1).step == written - 1)
            }
        }
    }

    private static func emptyFile(_ path: String) -> URL {
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        return URL(fileURLWithPath: path)
    }
}
