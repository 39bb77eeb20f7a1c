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
