import Atoms
import DataSets
import Foundation
import StructureFiles
import Testing

@testable import Commands

/// How the commands write numbers, tables and JSON.
@Suite struct WrittenTests {
    @Test func countsHaveTheirPlural() {
        #expect(Written.count(1, "structure") == "1 structure")
        #expect(Written.count(2, "structure") == "2 structures")
        #expect(Written.count(0, "atom") == "0 atoms")
    }

    /// The size of forces is told as it was measured, not as what a model takes instead.
    @Test func forcesAreToldAsTheyWereMeasured() throws {
        func text(_ forces: [SIMD3<Double>]?) throws -> String {
            var pair = Structure(
                elements: [Element("H")!, Element("H")!], positions: [.zero, SIMD3(0.8, 0, 0)], cell: nil)
            pair.forces = forces
            let statistics = try DataStatistics([pair], cutoff: ElementCutoffs(3), parallelism: .serial)
            #expect(statistics.forcesRMS > 0.9)
            return TrainingIntroduction.forces(statistics)
        }
        #expect(try text([SIMD3(3, 0, 0), SIMD3(-3, 0, 0)]) == "forces 1.732 eV/Å (rms)")
        #expect(try text([.zero, .zero]) == "forces vanish (0 eV/Å rms)")
        #expect(try text([SIMD3(3e-7, 0, 0), SIMD3(-3e-7, 0, 0)]) == "forces vanish (1.7e-07 eV/Å rms)")
        #expect(try text(nil) == "no forces")
    }

    @Test func tablesAreAsWideAsTheirWidestCell() {
        let lines = Terminal.table([["forces", "1.5", "meV/Å"], ["a longer name", "12.25", ""]])
        #expect(lines == ["forces           1.5  meV/Å", "a longer name  12.25"])
    }

    @Test func numbersThatAreNotFiniteAreNullInJSON() throws {
        struct Report: Encodable {
            var forcesRMSE = Double.infinity
            var energy: Double? = .nan
            var count = 3
        }
        let text = try JSONOutput.text(Report())
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(object.values.count { $0 is NSNull } == 2)
        #expect(object["count"] as? Int == 3)
    }
}

/// The names that labels have in data.
@Suite struct LabelChoiceTests {
    private let choice: LabelChoice

    init() throws {
        choice = try LabelChoice(energyKey: "REF_energy", forcesKey: nil, stressKey: "none", virialKey: nil)
    }

    @Test func namesThatAreGivenReplaceTheUsualOnes() {
        let keys = choice.keys(or: LabelKeys(energy: "e", forces: "f", stress: "s", virial: "v"))
        #expect(keys == LabelKeys(energy: "REF_energy", forces: "f", stress: nil, virial: "v"))
    }

    @Test func aNameThatIsInNoFrameIsAnError() {
        let error = #expect(throws: CommandError.self) { try choice.check(LabelCensus(), in: "data.xyz") }
        #expect(error?.description.contains("data.xyz: expected 'REF_energy'") == true)
    }
}
