import Atoms
import Foundation
import TestSupport
import Testing

@testable import StructureFiles

@Suite struct POSCARTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func read(_ text: String, name: String = "POSCAR") throws -> (Structure, remarks: [String]) {
        let reader = try StructureFormats.open(folder.file(name, holding: text))
        return (try #require(try reader.next()), reader.remarks)
    }

    private func text(
        title: String = "t", scale: String = "2", cell: String = "2 0 0\n0 2 0\n0 0 2", species: String = "Cu\n2",
        rest: String = "Cartesian\n0 0 0\n1 0.5 0\n"
    ) -> String { "\(title)\n\(scale)\n\(cell)\n\(species)\n\(rest)" }

    @Test func cartesianCoordinatesAreScaled() throws {
        let (structure, remarks) = try read(text())
        #expect(structure.positions == [SIMD3(0, 0, 0), SIMD3(2, 1, 0)])
        #expect(structure.cell == Cell(Matrix3(SIMD3(4, 0, 0), SIMD3(0, 4, 0), SIMD3(0, 0, 4))))
        #expect(remarks.isEmpty && structure.velocities == nil && structure.energy == nil)
        #expect(try read(text(rest: "kart.\n0 0 0\n1 0.5 0\n")).0.positions == structure.positions)
    }

    @Test func aNegativeScaleIsTheVolume() throws {
        let (structure, _) = try read(text(scale: " -64.0"))
        #expect(abs(try #require(structure.cell).volume - 64) < 1e-12)
        #expect(norm(structure.positions[1] - SIMD3(2, 1, 0)) < 1e-14)
    }

    @Test func threeScalesAreThoseOfTheAxes() throws {
        let (structure, _) = try read(text(scale: "1 2 3 ! of x, y, z", cell: "2 1 0\n0 2 1\n1 0 2"))
        #expect(structure.cell == Cell(Matrix3(SIMD3(2, 2, 0), SIMD3(0, 4, 3), SIMD3(1, 0, 6))))
        #expect(structure.positions[1] == SIMD3(1, 1, 0))
        let (direct, _) = try read(
            text(scale: "1 2 3", cell: "2 1 0\n0 2 1\n1 0 2", rest: "Direct\n0 0 0\n0.5 0 0.5\n"))
        #expect(direct.positions[1] == SIMD3(1.5, 1, 3))
    }

    /// VASP 4 has no line of species; a title is taken for it where it can be nothing else, and never in silence.
    @Test func speciesOfVASP4ComeFromATitleOfElementsOnly() throws {
        let rest = "Direct\n0 0 0\n0.5 0.5 0.5\n0.5 0 0\n"
        let (structure, remarks) = try read(text(title: "H Zn", species: "1 2", rest: rest))
        #expect(structure.elements.map(\.symbol) == ["H", "Zn", "Zn"])
        #expect(remarks.count == 1 && remarks[0].contains("\"H Zn\""))
        for title in ["H", "H Zn O", "h zn", "no in", "zinc hydride", ""] {
            let error = try #require(throws: StructureFileError.self) {
                _ = try read(text(title: title, species: "1 2", rest: rest))
            }
            #expect(error.line == 6 && error.message.contains("add a line with the elements"))
        }
    }

    @Test func fixedAtomsAndUncertainWordsAreSaid() throws {
        let flags = try read(text(rest: "selective\ndirect\n0 0 0 F F T\n0.5 0.5 0.5 T T T\n"))
        #expect(flags.remarks.count == 1 && flags.remarks[0].contains("1 of 2 atoms have fixed"))
        let free = try read(text(rest: "selective\ndirect\n0 0 0 T T T\n0.5 0.5 0.5 T T T\n"))
        #expect(free.remarks.isEmpty)
        let word = try read(text(rest: "Fractional\n0 0 0\n0.5 0.5 0.5\n"))
        #expect(word.remarks.count == 1 && word.remarks[0].contains("Fractional"))
        let other = try read(text(rest: "Direct\n0 0 0 Cu\n0.5 0.5 0.5 Ag\n"))
        #expect(other.remarks.count == 1 && other.remarks[0].contains("atom 2 is Cu"))
        #expect(other.0.elements.map(\.symbol) == ["Cu", "Cu"])
    }

    @Test func velocitiesAreThoseInÅngströmPerFemtosecond() throws {
        let atoms = "Direct\n0 0 0\n0.5 0.5 0.5\n"
        for head in ["", "Cartesian", "  \t"] {
            let (structure, _) = try read(text(rest: atoms + head + "\n0.01 0 0\n0 -0.02 0\n\n1\n0.5\n0 0 0\n"))
            #expect(structure.velocities == [SIMD3(0.01, 0, 0), SIMD3(0, -0.02, 0)])
        }
        // As after a relaxation.
        #expect(try read(text(rest: atoms + "\n0 0 0\n0 0 0\n")).0.velocities == nil)
        #expect(try read(text(rest: atoms + "\n \n\n")).0.velocities == nil)
        let lattice = "Lattice velocities and vectors\n 1\n0 0 0\n0 0 0\n0 0 0\n4 0 0\n0 4 0\n0 0 4\n"
        let (structure, remarks) = try read(text(rest: atoms + lattice + "\n0.01 0 0\n0 0 0\n"))
        #expect(structure.velocities?[0] == SIMD3(0.01, 0, 0))
        #expect(remarks.count == 1 && remarks[0].contains("velocities of the lattice"))
        // In units of a time step that the file does not give.
        let direct = try read(text(rest: atoms + "Direct\n0.01 0 0\n0 0 0\n"))
        #expect(direct.0.velocities == nil && direct.remarks.count == 1)
    }

    /// An integer as title, and an XYZ file of numbers alone, are told from each other.
    @Test func formatsAreToldFromEachOther() throws {
        func format(_ text: String) throws -> String? {
            try StructureFormats.format(of: folder.file("x", holding: text))?.name
        }
        #expect(try format(text(title: "2")) == "POSCAR")
        #expect(try format(text(species: "1 1")) == "POSCAR")
        #expect(try format("3\n1.0\n14 0 0 0\n14 1 1 1\n8 2 2 2\n1\n\nH 0 0 0\n") == "extended XYZ")
        // A name decides where the content does not tell.
        let cut = try folder.file("CONTCAR", holding: "t\n1.0\n1 0 0\n0 1")
        let error = try #require(throws: StructureFileError.self) { _ = try StructureFormats.readAll(cut) }
        #expect(error.line == 4)
    }

    @Test func aPOSCARHasNoLabelsAndSaysSo() throws {
        let path = try folder.file("POSCAR", holding: text())
        let error = try #require(throws: StructureFileError.self) {
            _ = try StructureFormats.readAll(path, requiring: [.energy])
        }
        #expect(error.message.contains("POSCAR files hold no energies"))
    }
}
