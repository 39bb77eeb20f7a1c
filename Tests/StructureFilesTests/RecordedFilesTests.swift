import Atoms
import Foundation
import TestSupport
import Testing

@testable import StructureFiles

/// Files of other programs are read as these programs mean them, and damaged ones do no harm.
@Suite struct RecordedFilesTests {
    @Test(arguments: RecordedFile.all)
    func filesOfOtherProgramsAreReadAsTheyAreMeant(_ file: RecordedFile) throws {
        #expect(try StructureFormats.formatName(of: file.path) == file.format)
        let expected = try file.expected()
        let reader = try StructureFormats.open(file.path, labels: file.labels())
        let structures = try reader.rest()
        #expect(structures.count == expected.frames.count)
        for (index, (structure, frame)) in zip(structures, expected.frames).enumerated() {
            compare(structure, frame, expected, index)
        }
        #expect(reader.census.frames == structures.count)
        #expect(try reader.next() == nil)
    }

    private func compare(
        _ structure: Structure, _ frame: RecordedFile.Frame, _ expected: RecordedFile.Expected, _ index: Int
    ) {
        let comment = Comment("frame \(index + 1)")
        func same(_ a: Double, _ b: Double, of scale: Double, _ what: Comment) {
            #expect(abs(a - b) <= expected.tolerance * max(1, scale), "\(what): \(a), expected \(b)")
        }
        func same(_ a: [SIMD3<Double>]?, _ b: [[Double]]?, _ what: Comment) {
            guard let a, let b else {
                #expect(a == nil && b == nil, "\(what)")
                return
            }
            #expect(a.count == b.count)
            let scale = b.joined().map { abs($0) }.max() ?? 0
            for (one, other) in zip(a, b) { for k in 0..<3 { same(one[k], other[k], of: scale, what) } }
        }
        let cell = structure.cell.map { [$0.vectors.rows.0, $0.vectors.rows.1, $0.vectors.rows.2] }
        // A CIF says edges and angles only.
        if expected.options.anyOrder == true {
            #expect(structure.elements.map(\.symbol).sorted() == frame.symbols.sorted(), comment)
            for (element, place) in zip(frame.symbols, frame.positions) {
                let place = SIMD3(place[0], place[1], place[2])
                #expect(
                    zip(structure.elements, structure.positions).contains { other, position in
                        let share = (position - place) * structure.cell!.vectors.inverse
                        let distance = norm((share - share.rounded(.toNearestOrEven)) * structure.cell!.vectors)
                        return other.symbol == element && distance < 1e-3
                    }, "\(element) at \(place)")
            }
        } else {
            #expect(structure.elements.map(\.symbol) == frame.symbols, comment)
            same(structure.positions, frame.positions, "positions")
        }
        same(cell, frame.cell, "cell")
        #expect(
            structure.cell.map { [$0.repeats(along: 0), $0.repeats(along: 1), $0.repeats(along: 2)] } ?? [
                false, false, false,
            ] == frame.pbc)
        #expect((structure.energy == nil) == (frame.energy == nil), comment)
        if let energy = structure.energy, let meant = frame.energy { same(energy, meant, of: abs(meant), "energy") }
        same(structure.forces, frame.forces, "forces")
        same(structure.velocities, frame.velocities, "velocities")
        let stress = structure.stress.map { [$0.rows.0, $0.rows.1, $0.rows.2] }
        same(stress, frame.stress, "stress")
        if let dipole = frame.dipole {
            #expect(structure.properties[.dipole]?.count == 3)
            for (a, b) in zip(structure.properties[.dipole] ?? [], dipole) { same(a, b, of: 1, "dipole") }
        }
        if let fixed = expected.options.fixed {
            let found = structure.moveMask?.enumerated().filter { $1 == SIMD3(0, 0, 0) }.map(\.offset) ?? []
            #expect(found == fixed[index])
        }
    }

    /// Some bytes changed, put in or left out, at places that are the same every time: structures or an error, soon.
    @Test(arguments: RecordedFile.all.filter { !$0.isReadByALibrary && !$0.isFolder })
    func damagedFilesGiveStructuresOrAnError(_ file: RecordedFile) throws {
        let folder = try TemporaryFolder()
        let original = try content(of: file, in: folder)
        let ending = file.name.replacing(".gz", with: "")
        var random = SplitMix(seed: 17)
        // Long texts take longer.
        for _ in 0..<max(20, min(200, 2_000_000 / original.count)) {
            let path = folder.file("damaged-\(ending)")
            try Data(Self.damaged(original, &random)).write(to: URL(filePath: path))
            do {
                let reader = try StructureFormats.open(path, labels: file.labels())
                for structure in try reader.rest() {
                    #expect(structure.positions.allSatisfy { $0.x.isFinite && $0.y.isFinite && $0.z.isFinite })
                    #expect(structure.energy?.isFinite ?? true)
                }
            } catch is StructureFileError {}
        }
    }

    private func content(of file: RecordedFile, in folder: TemporaryFolder) throws -> [UInt8] {
        try ByteFile(path: file.path).wholeContent()
    }

    static func damaged(_ bytes: [UInt8], _ random: inout SplitMix) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int(1 + random.next() % 6) {
            let place = Int(random.next() % UInt64(bytes.count))
            switch random.next() % 5 {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
            case 1: bytes[place] = "0123456789-+.eE*, \n\"[]{}".utf8.randomElement(using: &random)!
            case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int(random.next() % 30)))
            case 3:
                bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + Int(random.next() % 30))], at: place)
            default: bytes.removeLast(min(bytes.count - 1, Int(random.next() % UInt64(max(1, bytes.count / 2)))))
            }
            if bytes.isEmpty { bytes = [0] }
        }
        return bytes
    }

    @Test func typesWithoutElementsAreAskedFor() throws {
        let file = try #require(RecordedFile.all.first { $0.name == "motep.cfg" })
        let reader = try StructureFormats.open(file.path)
        let error = try #require(throws: StructureFileError.self) { _ = try reader.next() }
        #expect(error.message.contains("--elements"))
    }

    @Test(arguments: ["md17.npz", "input.data"])
    func unitsThatAFileDoesNotSayAreAskedFor(_ name: String) throws {
        let file = try #require(RecordedFile.all.first { $0.name == name })
        let error = try #require(throws: StructureFileError.self) {
            _ = try StructureFormats.open(file.path).next()
        }
        #expect(error.message.contains("--file-units"))
    }

    /// Energies and forces under names that people give, in the units of the metadata or else eV.
    @Test func labelsOfADatabaseCanBeNamed() throws {
        for name in ["ase.db.gz", "ase-db.json"] {
            var labels = LabelKeys()
            (labels.energy, labels.forces) = ("REF_energy", "REF_forces")
            let structures = try StructureFormats.open("\(RecordedFile.folder)/\(name)", labels: labels).rest()
            #expect(structures.map(\.energy) == [0, -1.5, -3])
            #expect(structures.map { $0.forces?[0].x } == [0, 0.25, 0.5])
        }
    }

    @Test func labelsAreLeftAsideForStructuresOnly() throws {
        for file in RecordedFile.all {
            let reader = try StructureFormats.open(file.path, labels: file.labels(), use: .structureOnly)
            for structure in try reader.rest() {
                #expect(structure.energy == nil && structure.forces == nil && structure.stress == nil, "\(file.name)")
            }
        }
    }
}

/// Steele, Lea and Flood (2014): numbers that are the same everywhere.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
