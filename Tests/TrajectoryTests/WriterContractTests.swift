import Atoms
import Foundation
import StructureFiles
import Testing
import Trajectory

/// What every trajectory format promises, run over each.
@Suite struct WriterContractTests {
    enum Format: CaseIterable, Sendable {
        case netCDF, extendedXYZ, table

        func open(_ path: String, _ existing: ExistingFile = .refuse) throws -> any TrajectoryWriter {
            switch self {
            case .netCDF: try NetCDFTrajectory(path, existing: existing)
            case .extendedXYZ: try ExtendedXYZTrajectory(path, existing: existing)
            case .table: try ThermoTable(path, existing: existing)
            }
        }

        func scan(_ path: String, _ step: Int) throws -> FrameScan {
            switch self {
            case .netCDF: try NetCDFTrajectory.scan(path, through: step)
            case .extendedXYZ: try ExtendedXYZTrajectory.scan(path, through: step)
            case .table: try ThermoTable.scan(path, through: step)
            }
        }

        func steps(_ path: String) throws -> [Int] {
            switch self {
            case .netCDF:
                let reader = try NetCDFTrajectoryReader(path)
                return try (0..<reader.frameCount).map { try reader.frame(at: $0).step }
            case .extendedXYZ:
                return try ExtendedXYZReader.readAll(path: path).map { Int($0.information["step"]!)! }
            case .table:
                return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").dropFirst()
                    .map { Int($0.split(separator: ",")[0])! }
            }
        }
    }

    @Test(arguments: Format.allCases) func framesAreThereWhenAppendReturns(format: Format) throws {
        try Samples.withFolder { folder in
            let writer = try format.open(folder + "/t")
            for step in 0..<3 {
                try writer.append(Samples.frame(step, cell: Samples.triclinic))
                #expect(try format.steps(folder + "/t") == Array(0...step))
            }
            try writer.close()
        }
    }

    @Test(arguments: Format.allCases) func existingFilesAreKept(format: Format) throws {
        try Samples.withFolder { folder in
            try format.open(folder + "/t").append(Samples.frame(0, cell: nil))
            let error = #expect(throws: TrajectoryError.self) { try format.open(folder + "/t") }
            #expect(error?.code == .exists)
            #expect(try format.steps(folder + "/t") == [0])
            let writer = try format.open(folder + "/t", .overwrite)
            try writer.append(Samples.frame(5, cell: nil))
            try writer.close()
            #expect(try format.steps(folder + "/t") == [5])
        }
    }

    @Test(arguments: Format.allCases) func filesContinueBehindAStep(format: Format) throws {
        try Samples.withFolder { folder in
            // A file that is not there yet is begun.
            var writer = try format.open(folder + "/t", .append(after: 0))
            for step in [0, 10, 20, 30] { try writer.append(Samples.frame(step, cell: Samples.cubic)) }
            try writer.close()
            writer = try format.open(folder + "/t", .append(after: 15))
            try writer.append(Samples.frame(20, cell: Samples.cubic))
            try writer.close()
            #expect(try format.steps(folder + "/t") == [0, 10, 20])
        }
    }

    @Test(arguments: Format.allCases) func aFileIsKnownAgainByItsLastFrame(format: Format) throws {
        try Samples.withFolder { folder in
            let path = folder + "/t"
            #expect(try format.scan(path, 10).mark == FrameMark())
            let writer = try format.open(path)
            let frames = [0, 10, 20].map { Samples.frame($0, cell: Samples.cubic) }
            for frame in frames { try writer.append(frame) }
            try writer.synchronize()
            func mark(_ index: Int) -> FrameMark {
                FrameMark(frames: index + 1, step: 10 * index, conservedEnergy: frames[index].conservedEnergy)
            }
            #expect(writer.mark == mark(2))
            try writer.close()
            #expect(try format.scan(path, 15).mark == mark(1))
            #expect(try format.scan(path, 100).mark == mark(2))
            #expect(try format.open(path, .append(after: 12)).mark == mark(1))
        }
    }

    /// Wherever a full disk or a power failure has cut the last frame.
    @Test(arguments: [Format.extendedXYZ, .table]) func aFrameThatWasCutOffIsLeftOut(format: Format) throws {
        try Samples.withFolder { folder in
            let path = folder + "/t"
            var writer = try format.open(path)
            try writer.append(Samples.frame(0, cell: Samples.cubic))
            try writer.append(Samples.frame(10, cell: Samples.cubic))
            let whole = try Data(contentsOf: URL(fileURLWithPath: path))
            try writer.append(Samples.frame(20, cell: Samples.cubic))
            try writer.close()
            let longer = try Data(contentsOf: URL(fileURLWithPath: path))
            for length in Array(stride(from: whole.count, to: longer.count, by: 13)) + [longer.count - 1] {
                try longer.prefix(length).write(to: URL(fileURLWithPath: path))
                #expect(try format.scan(path, 20).mark.step == 10, "\(length)")
                writer = try format.open(path, .append(after: 20))
                #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == whole)
                try writer.append(Samples.frame(20, cell: Samples.cubic))
                try writer.close()
                #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == longer)
            }
        }
    }

    @Test(arguments: Format.allCases) func aFileHasOneWriter(format: Format) throws {
        try Samples.withFolder { folder in
            let writer = try format.open(folder + "/t")
            try writer.append(Samples.frame(0, cell: Samples.cubic))
            for existing in [ExistingFile.overwrite, .append(after: 0)] {
                let error = #expect(throws: TrajectoryError.self) { try format.open(folder + "/t", existing) }
                #expect(error?.message.contains("written to by another") == true, "\(error.map { "\($0)" } ?? "")")
            }
            try writer.append(Samples.frame(1, cell: Samples.cubic))
            try writer.close()
            #expect(try format.steps(folder + "/t") == [0, 1])
        }
    }

    /// As to a larger disk.
    @Test(arguments: Format.allCases) func linksAreFollowed(format: Format) throws {
        try Samples.withFolder { folder in
            let (link, target) = (folder + "/t", folder + "/far")
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
            for existing in [ExistingFile.append(after: 0), .overwrite, .append(after: 0)] {
                let writer = try format.open(link, existing)
                try writer.append(Samples.frame(5, cell: Samples.cubic))
                try writer.close()
                #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == target)
                #expect(try format.steps(target) == [5])
            }
        }
    }

    @Test(arguments: Format.allCases) func devicesAndPipesAreLeftAlone(format: Format) throws {
        try Samples.withFolder { folder in
            #expect(mkfifo(folder + "/t", 0o600) == 0)
            let error = #expect(throws: TrajectoryError.self) { try format.open(folder + "/t", .overwrite) }
            #expect(error?.message.contains("found a pipe") == true)
        }
    }

    @Test(arguments: Format.allCases) func aMissingFolderIsNamed(format: Format) {
        let error = #expect(throws: TrajectoryError.self) { try format.open("/no/such/folder/t") }
        #expect(error?.path == "/no/such/folder/t")
        #expect(error?.code == .cannotWrite)
    }

    @Test func extendedXYZKeepsEveryBit() throws {
        try Samples.withFolder { folder in
            let frame = Samples.frame(7, cell: Samples.leftHanded)
            let writer = try ExtendedXYZTrajectory(folder + "/t.xyz")
            try writer.append(frame)
            try writer.close()
            let read = try #require(try ExtendedXYZReader.readAll(path: folder + "/t.xyz").first)
            #expect(read.positions == frame.structure.positions)
            #expect(read.velocities == frame.structure.velocities)
            #expect(read.forces == frame.structure.forces)
            #expect(read.energy == frame.structure.energy)
            #expect(read.information["temperature"] == "\(frame.temperature!)")
        }
    }
}
