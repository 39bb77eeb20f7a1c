import Atoms
import Foundation
import Testing
import TestSupport

@testable import StructureFiles

/// What an OUTCAR leaves out, and says so. `ReaderConformance` reads a whole one.
@Suite struct OUTCARReading {
    private func reader(_ change: (String) -> String) throws -> (any StructureReader, TemporaryFolder) {
        let folder = try TemporaryFolder()
        let path = try folder.file("OUTCAR", holding: change(FormatSample.outcar.text))
        return (try StructureFormats.open(path), folder)
    }

    @Test func stepsThatHaveNotConvergedAreCountedAndNamed() throws {
        let (reader, folder) = try reader { $0 }
        #expect(try reader.rest().map { $0.information["ionic_step"] } == ["1", "3"])
        #expect(reader.remarks.count == 1)
        #expect(
            reader.remarks.first?.hasSuffix("left out 1 of 3 ionic steps, whose electrons have not converged: step 2")
                == true)
        withExtendedLifetime(folder) {}
    }

    /// VASP 6 says so itself, whatever the last change is.
    @Test func whatVASPSaysOfConvergenceIsBelieved() throws {
        let (reader, folder) = try reader {
            $0.replacing(
                "aborting loop because EDIFF is reached", with: "aborting loop EDIFF was not reached (unconverged)"
            )
            .replacing(":-0.1196684E-02", with: ":-0.1196684E-09")
        }
        #expect(try reader.rest().count == 2)
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: [
        ("-9.250000", "-********", "numbers that are none"),
        ("0.250000      0.000000", "     NaN      0.000000", "numbers that are none"),
    ])
    func aNumberThatIsNoneLeavesItsStepOut(_ good: String, _ bad: String, _ words: String) throws {
        let (reader, folder) = try reader { $0.replacingFirst(good, with: bad) }
        let structures = try reader.rest()
        #expect(structures.count <= 2 && structures.allSatisfy { $0.forces!.allSatisfy { dot($0, $0).isFinite } })
        #expect(
            reader.remarks.contains { $0.contains(words) } || reader.remarks.contains { $0.contains("not converged") }
        )
        withExtendedLifetime(folder) {}
    }

    @Test func numbersThatRunTogetherAreRead() throws {
        let (reader, folder) = try reader {
            $0.replacing("1.25000     -0.50000        -0.250000", with: "1.25000-0.50000-0.250000")
        }
        #expect(try reader.rest() == FormatSample.outcar.structures)
        withExtendedLifetime(folder) {}
    }

    @Test func stepsWithoutPositionsHandNothingOn() throws {
        // The stress of the first step must not become that of the third.
        let (reader, folder) = try reader { text in
            let table = text.range(of: " POSITION")!.lowerBound..<text.range(of: "Iteration      2(   1)")!.lowerBound
            return text.replacingCharacters(in: table, with: String(repeating: "-", count: 39) + " ")
        }
        let structures = try reader.rest()
        #expect(structures.count == 1 && structures.first?.stress == nil && structures.first?.energy == -11)
        #expect(reader.remarks.contains { $0.contains("without positions, forces or energy: step 1") })
        withExtendedLifetime(folder) {}
    }

    @Test func runsBehindEachOtherAreSeveralRuns() throws {
        let (reader, folder) = try reader { $0 + $0 }
        let structures = try reader.rest()
        try #require(structures.count == 4, "\(reader.remarks)")
        #expect(
            structures[2].energy == structures[0].energy && structures[2].information["ionic_step"] == "1 of run 2")
        withExtendedLifetime(folder) {}
    }

    @Test func aChargedCellSaysSo() throws {
        let (reader, folder) = try reader { $0.replacing("NELECT =      14.0000", with: "NELECT =      13.0000") }
        #expect(try reader.next()?.totalCharge == 1)
        withExtendedLifetime(folder) {}
    }

    @Test func stepsOfAMachineLearnedFieldAreNone() throws {
        let (reader, folder) = try reader {
            $0.replacing("free  energy   TOTEN  =       -11.0", with: "free  energy ML TOTEN  =       -11.0")
        }
        #expect(try reader.rest().count == 1)
        #expect(
            reader.remarks.contains {
                $0.contains("of a machine-learned force field, which are no ab-initio labels: step 3")
            })
        withExtendedLifetime(folder) {}
    }

    @Test func nothingToReadIsOneMessage() throws {
        let (reader, folder) = try reader {
            $0.replacing("E-06", with: "E-01").replacing("NELM   =      3", with: "NELM   =      1")
        }
        let error = #expect(throws: StructureFileError.self) { try reader.rest() }
        #expect(
            error?.message.contains("found none of 3: 3 whose electrons have not converged (step 1, 2, 3)") == true)
        withExtendedLifetime(folder) {}
    }
}
