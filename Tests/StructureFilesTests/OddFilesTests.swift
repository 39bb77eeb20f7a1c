import Atoms
import Foundation
import TestSupport
import Testing

@testable import StructureFiles

/// Reads `expected.json` beside the odd files and holds the reader to it, file by file.
@Suite struct OddFilesTests {
    @Test(arguments: try Expectation.all())
    func readerFollowsTheTable(_ expected: Expectation) throws {
        let path = Expectation.folder.appending(path: expected.file).path
        if expected.verdict == "reject" {
            let error = try #require(throws: StructureFileError.self) {
                _ = try ExtendedXYZReader.readAll(path: path)
            }
            #expect(error.file == path)
            #expect(error.frame == expected.error?.frame, "\(error)")
            #expect(error.line == expected.error?.line, "\(error)")
            return
        }
        let structures = try ExtendedXYZReader.readAll(path: path)
        if let frames = expected.frames { #expect(structures.count == frames) }
        guard let values = expected.values else { return }
        if let energies = values.energy { #expect(structures.map(\.energy) == energies) }
        if let position = values.positions_first_atom { #expect(structures[0].positions[0] == SIMD3(position)) }
        if let force = values.forces_first_atom { #expect(structures[0].forces?[0] == SIMD3(force)) }
        if let atoms = values.atoms { #expect(structures[0].count == atoms) }
        if let species = values.species { #expect(structures[0].elements.map(\.symbol) == species) }
        if let has = values.has_forces { #expect(structures.map { $0.forces != nil } == has) }
        if let periodic = values.pbc {
            #expect((0..<3).map { structures[0].cell?.repeats(along: $0) ?? false } == periodic)
        }
        if let volumes = values.volume {
            for (structure, volume) in zip(structures, volumes) {
                #expect(abs(try #require(structure.cell).volume - volume) < 1e-12 * volume)
            }
        }
        if let rows = values.stress ?? values.stress_if_xx_yy_zz_yz_xz_xy {
            for structure in structures {
                let stress = try #require(structure.stress)
                for i in 0..<3 { for j in 0..<3 { #expect(abs(stress[i, j] - rows[i][j]) < 1e-11) } }
            }
        }
        for (names, energies) in values.energy_with_keys ?? [:] {
            let parts = names.split(separator: "/").map(String.init)
            let keys = LabelKeys(energy: parts[0], forces: parts[1])
            let read = try ExtendedXYZReader.readAll(path: path, labels: keys, requiring: [.energy, .forces])
            #expect(read.map(\.energy) == energies)
            #expect(read.map { $0.forces != nil } == energies.map { $0 != nil })
        }
    }

    @Test func missingLabelsAreReportedWithTheKeysSeen() throws {
        let path = Expectation.folder.appending(path: "17_mixed_keys.xyz").path
        let error = try #require(throws: StructureFileError.self) {
            _ = try ExtendedXYZReader.readAll(path: path, requiring: [.energy, .forces])
        }
        for name in ["'forces'", "REF_forces", "dft_forces", "force", "REF_energy", "TotEnergy"] {
            #expect(error.description.contains(name))
        }
        let plain = Expectation.folder.appending(path: "26_plain_xyz.xyz").path
        #expect(throws: StructureFileError.self) {
            _ = try ExtendedXYZReader.readAll(path: plain, requiring: [.energy])
        }
    }

    /// Bytes changed, cut out or doubled at random: the reader accepts or refuses, and never traps.
    @Test func damagedFilesAreAcceptedOrRefused() throws {
        var random = SplitMix64(9)
        let folder = try TemporaryFolder()
        let files = try Expectation.all().map { try Data(contentsOf: Expectation.folder.appending(path: $0.file)) }
        let alphabet = Array("0123456789.-+eEdD \t\n\r=\"'{}[]:,TFHSiOnaifRLQ\\VEC\u{FF}".utf8)
        var refused = 0
        for trial in 0..<3000 {
            var bytes = Array(files[trial % files.count])
            guard !bytes.isEmpty else { continue }
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes.remove(at: at)
                case 1: bytes.insert(alphabet.randomElement(using: &random)!, at: at)
                case 2: bytes[at] = UInt8.random(in: 0...255, using: &random)
                default: bytes += bytes[at...]
                }
                if bytes.isEmpty { bytes = [0x31] }
            }
            let path = folder.file("damaged.xyz")
            try Data(bytes).write(to: URL(filePath: path))
            do {
                _ = try ExtendedXYZReader.readAll(path: path)
            } catch is StructureFileError {
                refused += 1
            }
        }
        #expect(refused > 1000)
    }

    @Test(arguments: ["02_nan_force.xyz", "03_inf_energy.xyz", "30_asymmetric_stress.xyz"])
    func badLabelsAreIgnoredForStructuresOnly(_ file: String) throws {
        let path = Expectation.folder.appending(path: file).path
        for structure in try ExtendedXYZReader.readAll(path: path, use: .structureOnly) {
            #expect(structure.energy == nil && structure.forces == nil && structure.stress == nil)
        }
    }
}

struct Expectation: Decodable, CustomTestStringConvertible {
    struct Place: Decodable {
        var frame: Int?
        var line: Int?
    }
    struct Values: Decodable {
        var energy: [Double?]?
        var positions_first_atom: [Double]?
        var forces_first_atom: [Double]?
        var atoms: Int?
        var species: [String]?
        var pbc: [Bool]?
        var has_forces: [Bool]?
        var volume: [Double]?
        var stress: [[Double]]?
        var stress_if_xx_yy_zz_yz_xz_xy: [[Double]]?
        var energy_with_keys: [String: [Double?]]?
    }

    var file: String
    var verdict: String
    var frames: Int?
    var error: Place?
    var values: Values?

    var testDescription: String { file }

    static let folder = Bundle.module.resourceURL!.appending(path: "Data/odd")

    static func all() throws -> [Expectation] {
        try JSONDecoder().decode([Expectation].self, from: Data(contentsOf: folder.appending(path: "expected.json")))
    }
}
