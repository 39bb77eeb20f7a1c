import Atoms
import Compute
import Foundation
import StructureFiles
import Testing

@testable import Trajectory

@Suite struct NetCDFTests {
    static let cells: [Cell?] = [Samples.cubic, Samples.triclinic, Samples.leftHanded, Samples.slab, nil]

    private func written(_ frames: [Frame], to path: String, _ options: NetCDFTrajectory.Options = .init()) throws {
        let writer = try NetCDFTrajectory(path, options: options)
        for frame in frames { try writer.append(frame) }
        try writer.close()
    }

    private func distance(_ a: [SIMD3<Double>]?, _ b: [SIMD3<Double>]?) -> Double {
        zip(a!, b!).map { norm($0 - $1) }.max()!
    }

    /// Single precision keeps 2⁻²⁴ of a number, and a rotation adds three of them.
    @Test(arguments: 0..<cells.count, [NetCDFTrajectory.Precision.single, .double])
    func framesComeBackAsTheyWere(cell: Int, precision: NetCDFTrajectory.Precision) throws {
        try Samples.withFolder { folder in
            let frames = (0..<3).map { Samples.frame($0 * 10, cell: Self.cells[cell]) }
            var options = NetCDFTrajectory.Options()
            options.precision = precision
            try written(frames, to: folder + "/t.nc", options)
            let reader = try NetCDFTrajectoryReader(folder + "/t.nc")
            #expect(reader.frameCount == 3)
            let epsilon = precision == .single ? 0x1p-22 : 0x1p-50
            for (index, expected) in frames.enumerated() {
                var frame = try reader.frame(at: index)
                let structure = frame.structure
                #expect(distance(structure.positions, expected.structure.positions) < 40 * epsilon)
                #expect(distance(structure.velocities, expected.structure.velocities) < 0.04 * epsilon)
                #expect(distance(structure.forces, expected.structure.forces) < 4 * epsilon)
                for (a, b) in [
                    (structure.stress, expected.structure.stress), (frame.totalStress, expected.totalStress),
                ] {
                    guard let b else {
                        #expect(a == nil)
                        continue
                    }
                    #expect((a! - b).elements.allSatisfy { abs($0) < 1e-16 })
                }
                #expect(abs(frame.time - expected.time) < 1e-12)
                frame.time = expected.time
                frame.totalStress = expected.totalStress
                frame.structure.stress = expected.structure.stress
                frame.structure.positions = expected.structure.positions
                frame.structure.velocities = expected.structure.velocities
                frame.structure.forces = expected.structure.forces
                #expect(frame == expected)
            }
        }
    }

    /// Vectors turn with the cell, numbers do not; structures without them do not go behind those that have them.
    @Test func propertiesComeBack() throws {
        try Samples.withFolder { folder in
            for cell in [Samples.triclinic, Samples.leftHanded, nil] {
                var frame = Samples.frame(3, cell: cell, count: 3)
                frame.structure.properties = [
                    .dipole: [0.1, -0.2, 0.3], .charges: [0.5, -0.25, -0.25],
                    .atomicDipoles: (0..<9).map { 0.01 * Double($0) },
                ]
                let path = folder + "/t\(cell?.vectors.determinant ?? 0).nc"
                try written([frame, frame], to: path)
                let reader = try NetCDFTrajectoryReader(path)
                #expect(reader.contents.contains("atomic_dipoles"))
                let found = try reader.frame(at: 1).structure.properties
                #expect(found.keys.sorted() == [.dipole, .charges, .atomicDipoles])
                for (property, numbers) in frame.structure.properties {
                    #expect(zip(found[property]!, numbers).allSatisfy { abs($0 - $1) < 1e-15 }, "\(property)")
                }
                #expect(throws: TrajectoryError.self) {
                    try NetCDFTrajectory(path, existing: .append(after: 5)).append(
                        Samples.frame(6, cell: cell, count: 3))
                }
            }
        }
    }

    /// What a committee disagrees about comes back too, from both formats.
    @Test func deviationsComeBack() throws {
        try Samples.withFolder { folder in
            var frame = Samples.frame(3, cell: Samples.triclinic)
            frame.structure.deviation = Structure.Deviation(
                energy: 0.25, forces: (0..<frame.structure.count).map { 0.125 * Double($0) })
            try written([frame, frame], to: folder + "/t.nc")
            let reader = try NetCDFTrajectoryReader(folder + "/t.nc")
            #expect(try reader.frame(at: 1).structure.deviation == frame.structure.deviation)
            #expect(throws: TrajectoryError.self) {
                try NetCDFTrajectory(folder + "/t.nc", existing: .append(after: 5)).append(
                    Samples.frame(6, cell: Samples.triclinic))
            }
            let text = try ExtendedXYZTrajectory(folder + "/t.xyz")
            try text.append(frame)
            try text.close()
            // Cut at a restart, the file keeps them.
            try ExtendedXYZTrajectory(folder + "/t.xyz", existing: .append(after: 3)).close()
            let read = try ExtendedXYZReader.readAll(path: folder + "/t.xyz")
            #expect(read.map(\.deviation) == [frame.structure.deviation])
        }
    }

    /// Only what lies within the bounds is set aside, up to a number, without anything that could pass for a label.
    @Test func candidatesAreSetAside() throws {
        try Samples.withFolder { folder in
            let path = folder + "/c.xyz"
            let selection = CandidateFile.Selection(bounds: 0.2...0.6, largestCount: 3)
            func frame(_ step: Int) -> Frame {
                var frame = Samples.frame(step, cell: Samples.cubic)
                frame.structure.deviation = Structure.Deviation(
                    energy: 0.1, forces: frame.structure.forces!.indices.map { $0 == 2 ? 0.1 * Double(step) : 0 })
                return frame
            }
            var file = try CandidateFile(path, selection)
            for step in [0, 1, 3, 7, 5, 100] { try file.append(frame(step)) }
            try file.append(Samples.frame(6, cell: Samples.cubic))
            #expect(file.count == 2)
            try file.close()
            let read = try ExtendedXYZReader.readAll(path: path)
            #expect(read.map { $0.information["step"] } == ["3", "5"])
            #expect(
                read.allSatisfy { $0.energy == nil && $0.forces == nil && $0.stress == nil && $0.velocities == nil })
            #expect(read[1].deviation?.largestOfForces == 0.5)
            // Continued behind step 3 there is room for two more.
            file = try CandidateFile(path, selection, existing: .append(after: 3))
            for step in [4, 5, 6] { try file.append(frame(step)) }
            #expect(file.count == 3)
            try file.close()
            #expect(throws: TrajectoryError.self) { try CandidateFile(path, selection) }
        }
    }

    @Test func theStandardOrientationKeepsHandednessAndLattice() {
        let orientation = StandardOrientation(of: Samples.leftHanded)
        #expect(abs(orientation.rotation!.determinant - 1) < 1e-14, "a mirror would change molecules")
        #expect(orientation.cell.vectors.determinant > 0)
        let turned = orientation.cell.vectors * orientation.rotation!
        #expect(abs(turned[0, 1]) + abs(turned[0, 2]) + abs(turned[1, 2]) < 1e-14)
        #expect(turned[0, 0] > 0 && turned[1, 1] > 0 && turned[2, 2] > 0)
        #expect(StandardOrientation(of: Samples.slab).rotation == nil)
    }

    @Test func wrappedPositionsLieInTheCellAndDifferByLatticeVectors() throws {
        try Samples.withFolder { folder in
            let frame = Samples.frame(1, cell: Samples.slab)
            var options = NetCDFTrajectory.Options()
            (options.wrapsPositions, options.precision) = (true, .double)
            try written([frame], to: folder + "/t.nc", options)
            let wrapped = try NetCDFTrajectoryReader(folder + "/t.nc").frame(at: 0).structure.positions
            for (a, b) in zip(wrapped, frame.structure.positions) {
                let fractional = a * Samples.slab.vectors.inverse
                #expect(fractional.x >= 0 && fractional.x < 1 && fractional.y >= 0 && fractional.y < 1)
                let images = (a - b) * Samples.slab.vectors.inverse
                #expect(norm(images - images.rounded(.toNearestOrEven)) < 1e-13)
                #expect(a.z == b.z, "nothing repeats along the third vector")
            }
        }
    }

    @Test func aFileIsNeverLostWithoutBeingAskedFor() throws {
        try Samples.withFolder { folder in
            let path = folder + "/t.nc"
            try written([Samples.frame(0, cell: nil)], to: path)
            let error = #expect(throws: TrajectoryError.self) { try NetCDFTrajectory(path) }
            #expect(error?.code == .exists)
            #expect(try NetCDFTrajectoryReader(path).frameCount == 1)
            let writer = try NetCDFTrajectory(path, existing: .overwrite)
            try writer.close()
            #expect(throws: TrajectoryError.self) { try NetCDFTrajectoryReader(path) }
        }
    }

    @Test func aFileContinuesBehindTheStepOfARestart() throws {
        try Samples.withFolder { folder in
            let path = folder + "/t.nc"
            try written((0..<5).map { Samples.frame($0 * 10, cell: Samples.triclinic) }, to: path)
            let writer = try NetCDFTrajectory(path, existing: .append(after: 25))
            #expect(writer.frameCount == 3)
            try writer.append(Samples.frame(30, cell: Samples.triclinic, seed: 9))
            try writer.close()
            let reader = try NetCDFTrajectoryReader(path)
            #expect(try (0..<reader.frameCount).map { try reader.frame(at: $0).step } == [0, 10, 20, 30])
            let positions = Samples.frame(30, cell: nil, seed: 9).structure.positions
            #expect(distance(try reader.frame(at: 3).structure.positions, positions) < 1e-5)
        }
    }

    @Test func framesOfOtherAtomsOrContentAreRefused() throws {
        try Samples.withFolder { folder in
            let writer = try NetCDFTrajectory(folder + "/t.nc")
            try writer.append(Samples.frame(0, cell: Samples.cubic))
            #expect(throws: TrajectoryError.self) {
                try writer.append(Samples.frame(1, cell: Samples.cubic, count: 6))
            }
            var poor = Samples.frame(1, cell: Samples.cubic)
            poor.structure.forces = nil
            let error = #expect(throws: TrajectoryError.self) { try writer.append(poor) }
            #expect(error?.code == .mismatch)
            try writer.append(Samples.frame(2, cell: Samples.cubic))
            try writer.close()
            #expect(try NetCDFTrajectoryReader(folder + "/t.nc").frameCount == 2)
        }
    }

    @Test func everyFrameIsInTheFileWhenAppendReturns() throws {
        try Samples.withFolder { folder in
            let writer = try NetCDFTrajectory(folder + "/t.nc")
            for step in 0..<3 {
                try writer.append(Samples.frame(step, cell: Samples.cubic))
                let reader = try NetCDFTrajectoryReader(folder + "/t.nc")
                #expect(reader.frameCount == step + 1)
                #expect(try reader.frame(at: step).step == step)
            }
            try writer.close()
        }
    }

    // MARK: - Bad files, one for each error

    @Test func aMissingFolderIsNamedWithTheReason() {
        let error = #expect(throws: TrajectoryError.self) { try NetCDFTrajectory("/no/such/folder/t.nc") }
        #expect(error?.code == .cannotWrite)
        #expect(error?.description.contains("/no/such/folder/t.nc: cannot create the file: No such file") == true)
    }

    @Test func aFileThatIsNotNetCDFIsRefused() throws {
        try Samples.withFolder { folder in
            try "step,time\n".write(toFile: folder + "/t.nc", atomically: true, encoding: .utf8)
            let error = #expect(throws: TrajectoryError.self) { try NetCDFTrajectoryReader(folder + "/t.nc") }
            #expect(error?.code == .malformed)
        }
    }

    @Test func aCutFileIsRefusedBeforeMemoryIsTaken() throws {
        try Samples.withFolder { folder in
            let path = folder + "/t.nc"
            try written((0..<3).map { Samples.frame($0, cell: nil) }, to: path)
            let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            try handle.seek(toOffset: 4)
            try handle.write(contentsOf: Data([0x7f, 0, 0, 0]))  // two billion frames
            try handle.close()
            let error = #expect(throws: TrajectoryError.self) { try NetCDFTrajectoryReader(path) }
            #expect(error?.code == .malformed)
        }
    }

    /// One or two bytes of the header replaced: netCDF 4.9.0 crashes on such files, so it must not see them.
    @Test func damagedHeadersAreErrorsAndNoCrashes() throws {
        try Samples.withFolder { folder in
            try written((0..<3).map { Samples.frame($0, cell: Samples.cubic) }, to: folder + "/whole.nc")
            let whole = try Data(contentsOf: URL(fileURLWithPath: folder + "/whole.nc"))
            let header = 3400
            #expect(whole.count > header)
            for trial in 0..<800 {
                let x = Philox(seed: 1).bits(at: Philox.counter(step: trial, index: 0, stream: 0))
                var damaged = whole
                let place = Int(x.x) % header
                let flipped = damaged[place] ^ UInt8(1 << (x.w & 7))
                damaged[place] = [0, 0xff, 0x7f, 0x80, UInt8(x.z & 255), flipped][Int(x.y % 6)]
                if x.w & 256 != 0 { damaged[Int(x.w >> 9) % header] = UInt8(x.z >> 8 & 255) }
                let path = folder + "/damaged.nc"
                #expect(FileManager.default.createFile(atPath: path, contents: damaged))
                do {
                    let reader = try NetCDFTrajectoryReader(path)
                    for index in 0..<reader.frameCount { _ = try reader.frame(at: index) }
                } catch is TrajectoryError {}
            }
        }
    }

    @Test func hdf5WithoutATrajectoryIsRefused() throws {
        try Samples.withFolder { folder in
            try Data([0x89] + Array("HDF\r\n\u{1a}\n".utf8)).write(to: URL(fileURLWithPath: folder + "/t.nc"))
            let error = #expect(throws: TrajectoryError.self) { try NetCDFTrajectoryReader(folder + "/t.nc") }
            #expect(error?.message.contains("cannot open the file") == true)
        }
    }

    /// Compressed frames are the same numbers; a file that goes on after an earlier step holds no later one.
    @Test func compressedFilesHoldTheSameAndGoOn() throws {
        try Samples.withFolder { folder in
            let frames = (0..<6).map { Samples.frame($0 * 10, cell: Samples.triclinic) }
            var options = NetCDFTrajectory.Options()
            try written(frames, to: folder + "/plain.nc", options)
            options.isCompressed = true
            let path = folder + "/small.nc"
            try written(Array(frames[..<4]), to: path, options)
            func readAll(_ path: String) throws -> [Frame] {
                let reader = try NetCDFTrajectoryReader(path)
                return try (0..<reader.frameCount).map(reader.frame)
            }
            #expect(try readAll(path) == Array(readAll(folder + "/plain.nc")[..<4]))
            let again = try NetCDFTrajectory(path, existing: .append(after: 10), options: options)
            try again.close()
            #expect(try readAll(path).map(\.step) == [0, 10])
            let more = try NetCDFTrajectory(path, existing: .append(after: 10), options: options)
            for frame in frames[2...] { try more.append(frame) }
            try more.close()
            #expect(try readAll(path) == readAll(folder + "/plain.nc"))
        }
    }

    @Test func everyShortenedFileIsAnErrorOrReadsWholeFrames() throws {
        try Samples.withFolder { folder in
            let path = folder + "/t.nc"
            let frames = (0..<3).map { Samples.frame($0, cell: Samples.cubic) }
            try written(frames, to: path)
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            let whole = try NetCDFTrajectoryReader(path)
            let positions = try (0..<3).map { try whole.frame(at: $0).structure.positions }
            for length in stride(from: 0, to: data.count, by: 97) {
                let cut = folder + "/cut-\(length).nc"
                try data.prefix(length).write(to: URL(fileURLWithPath: cut))
                do {
                    let reader = try NetCDFTrajectoryReader(cut)
                    for index in 0..<reader.frameCount {
                        let frame = try reader.frame(at: index)
                        #expect(frame.step == frames[index].step && frame.totalEnergy == frames[index].totalEnergy)
                        #expect(distance(frame.structure.positions, frames[index].structure.positions) < 1e-5)
                        #expect(distance(frame.structure.forces, frames[index].structure.forces) < 1e-5)
                    }
                } catch is TrajectoryError {}
            }
        }
    }

    @Test func massesOfIsotopesComeBack() throws {
        try Samples.withFolder { folder in
            var frame = Samples.frame(0, cell: Samples.cubic)
            frame.structure.masses = (0..<frame.structure.count).map { 13.5 + Double($0) / 3 }
            try written([frame], to: folder + "/t.nc")
            #expect(
                try NetCDFTrajectoryReader(folder + "/t.nc").frame(at: 0).structure.masses == frame.structure.masses)
            let text = try ExtendedXYZTrajectory(folder + "/t.xyz")
            try text.append(frame)
            try text.close()
            let read = try ExtendedXYZReader.readAll(path: folder + "/t.xyz", use: .structureOnly)
            #expect(read[0].masses == frame.structure.masses)
        }
    }
}

@Suite struct PDBTests {
    @Test func columnsStayInPlaceForManyAtoms() {
        let structure = Samples.frame(0, cell: Samples.triclinic, count: 100_001).structure
        let lines = PDBTopology.text(structure).split(separator: "\n")
        #expect(lines[1].hasPrefix("CRYST1"))
        #expect(lines.dropFirst(2).dropLast().allSatisfy { $0.utf8.count == 78 })
        #expect(lines[2].suffix(2) == " C" && lines[3].suffix(2) == " O")
    }
}

@Suite struct ThermoTests {
    @Test func rowsCarryTheUnitsOfTheHeader() throws {
        try Samples.withFolder { folder in
            let path = folder + "/t.csv"
            let table = try ThermoTable(path, quantities: [.step, .time, .temperature, .volume])
            try table.append(Samples.frame(4, cell: Samples.cubic))
            try table.append(Samples.frame(8, cell: nil))
            try table.close()
            let lines = try String(contentsOfFile: path, encoding: .utf8)
            #expect(
                lines == """
                    step,time/ps,temperature/K,volume/A^3
                    4,0.002,\(300 + 4.0 / 11),\(Samples.cubic.volume)
                    8,0.004,\(300 + 8.0 / 11),

                    """)
        }
    }

    @Test func aTableContinuesBehindTheStepOfARestart() throws {
        try Samples.withFolder { folder in
            let path = folder + "/t.csv"
            var table = try ThermoTable(path, quantities: [.step, .temperature])
            for step in 0..<4 { try table.append(Samples.frame(step, cell: nil)) }
            try table.close()
            // A row that a crash cut off.
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data("4,30".utf8))
            #expect(throws: TrajectoryError.self) { try ThermoTable(path, quantities: [.step, .temperature]) }
            #expect(throws: TrajectoryError.self) { try ThermoTable(path, existing: .append(after: 2)) }
            table = try ThermoTable(path, quantities: [.step, .temperature], existing: .append(after: 2))
            try table.append(Samples.frame(3, cell: nil))
            let steps = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").dropFirst()
                .map { $0.split(separator: ",")[0] }
            #expect(steps == ["0", "1", "2", "3"])
        }
    }
}
