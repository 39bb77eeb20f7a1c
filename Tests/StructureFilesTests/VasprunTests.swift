import Atoms
import TestSupport
import Testing

@testable import StructureFiles

/// What a vasprun.xml leaves out, and says so. `ReaderConformance` reads a whole one.
@Suite struct VasprunReading {
    private func read(_ change: (String) -> String) throws -> (structures: [Structure], remarks: [String]) {
        let folder = try TemporaryFolder()
        let path = try folder.file("vasprun.xml", holding: change(FormatSample.vasprun.text))
        let reader = try StructureFormats.open(path)
        return (try reader.rest(), reader.remarks)
    }

    @Test func stepsThatHaveUsedAllElectronicStepsAreNamed() throws {
        let (structures, remarks) = try read { $0 }
        #expect(structures.map { $0.information["ionic_step"] } == ["1", "3"])
        #expect(
            remarks.count == 1
                && remarks[0].hasSuffix("left out 1 of 3 ionic steps, whose electrons have not converged: step 2"))
    }

    @Test func aRunThatWasKilledSaysSo() throws {
        let (structures, remarks) = try read { String($0[..<$0.range(of: "</modeling>")!.lowerBound]) }
        #expect(structures.count == 2)
        #expect(remarks.contains { $0.contains("in which the file ends: step 4") })
    }

    @Test(arguments: [("-11.5 <", "******* <"), ("0.125 0.0-0.5", "******* 0.0-0.5")])
    func aNumberThatIsNoneLeavesItsStepOut(_ good: String, _ bad: String) throws {
        let (structures, remarks) = try read { $0.replacingFirst(good, with: bad) }
        #expect(structures.count == 1)
        #expect(remarks.contains { $0.contains("with numbers that are none: step 3") })
    }

    @Test func stepsWithoutElectronsAreMachineLearned() throws {
        let (structures, remarks) = try read { text in
            let last = text.range(of: "<calculation>", options: .backwards)!.upperBound
            let end = text.range(of: "</scstep>", options: .backwards)!.upperBound
            return text.replacingCharacters(in: last..<end, with: "")
        }
        #expect(
            structures.count == 1 && remarks.contains { $0.contains("machine-learned") && $0.hasSuffix("step 3") })
    }

    /// Flags of selective dynamics; the cell of the sample lies along the axes.
    @Test func fixedCoordinatesAreKept() throws {
        let (structures, _) = try read {
            $0.replacingFirst(
                "</atominfo>",
                with: """
                    </atominfo>
                     <structure name="initialpos" >
                      <varray name="selective" type="logical" >
                       <v type="logical" > T  T  T </v>
                       <v type="logical" > F  T  F </v>
                      </varray>
                     </structure>
                    """)
        }
        #expect(structures.map(\.moveMask) == [[.one, SIMD3(0, 1, 0)], [.one, SIMD3(0, 1, 0)]])
    }

    @Test func aChargedCellSaysSo() throws {
        let (structures, _) = try read { $0.replacing("NELECT\"> 10.0", with: "NELECT\"> 9.0") }
        #expect(structures.first?.totalCharge == 1)
    }

    /// Xenon's pseudopotential calls itself X; nothing is guessed beyond that.
    @Test func theTitleNamesXenon() throws {
        let (structures, _) = try read {
            $0.replacing("<c>O </c><c> 2", with: "<c>X </c><c> 2").replacing("PAW_PBE O 08", with: "PAW_PBE Xe 07")
        }
        #expect(structures.first?.elements.last == Element("Xe"))
    }
}
