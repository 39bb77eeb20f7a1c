import Atoms
import Foundation
import TestSupport
import Testing

@testable import StructureFiles

/// Outputs that the programs themselves wrote (`Data/README.md`): what one file says of a run, another one of the same
/// run must say too.
@Suite struct RunFixtures {
    private func path(_ name: String) -> String {
        Bundle.module.resourceURL!.appending(path: "Data/\(name)").path
    }

    private func read(_ name: String, keepUnconverged: Bool = false) throws -> (
        structures: [Structure], reader: any RunStructureReader
    ) {
        var labels = LabelKeys()
        labels.keepsUnconverged = keepUnconverged
        let reader = try StructureFormats.open(path(name), labels: labels)
        let structures = try reader.rest()
        return (structures, try #require(reader as? any RunStructureReader))
    }

    private func differ(_ a: [SIMD3<Double>]?, _ b: [SIMD3<Double>]?) -> Double {
        guard let a, let b, a.count == b.count else { return .infinity }
        return zip(a, b).map { norm($0 - $1) }.max() ?? .infinity
    }

    private func differ(_ a: Matrix3?, _ b: Matrix3?) -> Double {
        guard let a, let b else { return .infinity }
        return (a - b).elements.map(abs).max()!
    }

    /// pw.x prints eight decimals of Ry, and seven digits of positions in units of alat, with four decimals.
    @Test func theTextOfPwxAgreesWithItsXML() throws {
        let text = try read("QuantumEspresso/si_vcrelax.pw.out").structures
        let xml = try read("QuantumEspresso/si_vcrelax.data-file-schema.xml").structures
        try #require(text.count == 2 && xml.count == 2)
        for (a, b) in zip(text, xml) {
            #expect(abs(a.energy! - b.energy!) < 1e-7)
            #expect(differ(a.cell?.vectors, b.cell?.vectors) < 1e-5)
            #expect(differ(a.positions, b.positions) < 1e-5)
            // One coordinate of the first atom is fixed, where the XML has no force.
            #expect(b.moveMask == [SIMD3(1, 1, 0), SIMD3(1, 1, 1)])
            let free = zip(a.forces!, b.moveMask!).map { $0 * SIMD3<Double>($1) }
            #expect(differ(free, b.forces) < 1e-6)
        }
        #expect(text.allSatisfy { $0.stress != nil && $0.isConverged == true })
        #expect(text[1].moveMask == [SIMD3(1, 1, 0), SIMD3(1, 1, 1)])
    }

    /// Lattice vectors stand in the columns of .cel, and atoms in the order of the input.
    @Test func theTrajectoryOfCPXHasTheCellAndTheOrderOfItsInput() throws {
        let (structures, _) = try read("QuantumEspresso/sic.pos")
        try #require(structures.count == 2)
        let cell = Matrix3(SIMD3(9, 1, 0), SIMD3(0, 9.5, 0.5), SIMD3(0.7, 0, 10)) * Units.bohr
        for structure in structures {
            #expect(structure.elements.map(\.symbol) == ["Si", "H", "Si"])
            #expect(differ(structure.cell?.vectors, cell) < 1e-12)
            #expect(structure.forces?.count == 3 && structure.stress != nil)
        }
        #expect(abs(structures[0].energy! + 1.80375504 * Units.hartree) < 1e-10)
        #expect(
            differ(
                [structures[1].forces![1]],
                [
                    SIMD3(-0.012717638374540, 0.078872776000983, 0.022982949755642) * Units.hartreePerBohr
                ]) < 1e-12)
    }

    /// The pressure that cp.x prints in .evp, in GPa, is minus a third of the trace of the stress.
    @Test func theStressOfCPXIsItsPressure() throws {
        let structures = try read("QuantumEspresso/sic.pos").structures
        for (structure, pressure) in zip(structures, [97.79848, 82.35126]) {
            // The kinetic energy of the atoms is part of it.
            #expect(abs(-structure.stress!.trace / 3 * Units.gigapascal - pressure) < 0.05 * pressure)
        }
    }

    /// Dynamics with a moving cell: the output has energies, and the files beside it the rest. They have the numbers of
    /// the output to the digits that they print.
    @Test func theOutputOfCP2KIsReadWithItsCompanions() throws {
        let (structures, reader) = try read("CP2K/h2.out")
        try #require(structures.count == 4)
        #expect(reader.summary.leftOut.isEmpty && reader.summary.converged == true)
        let energies = [-1.162431035993752, -1.066522927334324, -0.929292757718928, -0.962786862754220]
        for (structure, energy) in zip(structures, energies) {
            #expect(structure.energy == energy * Units.hartree)
            #expect(structure.cell?.isFullyPeriodic == true)
        }
        // STRESS| of the first step in GPa, positive under pressure.
        let first =
            Matrix3(
                SIMD3(45.3319402653, -5.48904712522, 0.793183521852),
                SIMD3(-5.48904712522, -4.50564331668, 0.0495810627698),
                SIMD3(0.793183521852, 0.0495810627698, -16.0570245119)) * (-1 / Units.gigapascal)
        // That of .stress has the kinetic part, too, 190 bar of pressure.
        #expect(differ(structures[0].stress, first) < 1e-9)
        #expect(abs(structures[1].cell!.vectors[0, 0] - 4.027503165) < 1e-12)
        #expect(
            differ(
                [structures[0].forces![1]],
                [
                    SIMD3(0.4537957837, 0.0135518197, 0.4406042272) * Units.hartreePerBohr
                ]) < 1e-12)
    }

    @Test func theOutputOfCP2KAloneSaysWhatIsMissing() throws {
        let folder = try TemporaryFolder()
        let text = try String(contentsOfFile: path("CP2K/h2.out"), encoding: .utf8)
        let reader = try StructureFormats.open(try folder.file("h2.out", holding: text))
        let error = #expect(throws: StructureFileError.self) { _ = try reader.rest() }
        #expect(error?.message.contains("without positions") == true)
    }

    /// The text of ABINIT has as many digits as its history, but for the second data set, which is not converged.
    @Test func theTextOfAbinitAgreesWithItsHistory() throws {
        let (text, reader) = try read("ABINIT/si_relax.abo")
        let history = try read("ABINIT/si_relaxo_DS1_HIST.nc").structures
        try #require(text.count == 3 && history.count == 3)
        for (a, b) in zip(text, history) {
            #expect(abs(a.energy! - b.energy!) < 1e-11)
            #expect(differ(a.cell?.vectors, b.cell?.vectors) < 1e-12 && differ(a.positions, b.positions) < 1e-12)
            #expect(differ(a.forces, b.forces) < 1e-12 && differ(a.stress, b.stress) < 1e-12)
            #expect(a.isConverged == true && b.isConverged == nil)
        }
        #expect(reader.summary.leftOut == [.init(reason: "unconverged", steps: ["4"])])
        let kept = try read("ABINIT/si_relax.abo", keepUnconverged: true)
        #expect(kept.structures.count == 4 && kept.structures[3].isConverged == false)
        #expect(kept.reader.summary.converged == false)
    }

    @Test func aDamagedHistoryIsRefused() throws {
        let folder = try TemporaryFolder()
        let bytes = try Data(contentsOf: URL(filePath: path("ABINIT/si_relaxo_DS1_HIST.nc")))
        let path = folder.file("run_HIST.nc")
        try bytes.prefix(bytes.count * 2 / 3).write(to: URL(filePath: path))
        #expect(throws: StructureFileError.self) { _ = try StructureFormats.readAll(path) }
    }
}
