import Atoms
import Foundation
import TestSupport
import Testing

@testable import StructureFiles

/// Which structures a filter, a slice and a search of folders choose.
struct SelectionTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let silicon = {
        var structure = Structure(
            elements: [Element("Si")!, Element("Si")!, Element("O")!],
            positions: [.zero, SIMD3(1.5, 0, 0), SIMD3(0, 1.5, 0)],
            cell: Cell(Matrix3(diagonal: SIMD3(4, 4, 5))))
        structure.energy = -12
        structure.forces = [SIMD3(3, 4, 0), .zero, SIMD3(0, 0, 1)]
        structure.stress = Matrix3(diagonal: SIMD3(1, 2, -6)) * (1 / Units.gigapascal)
        structure.information = ["config_type": "bulk", "temperature": "300", "relaxed": "T", "my key": "x"]
        return structure
    }()

    private func admits(_ text: String, _ structure: Structure = silicon) throws -> Bool? {
        var filter = try StructureFilter(text)
        return try filter.admits(structure, frame: 3, file: "runs/a.xyz")
    }

    @Test(arguments: [
        ("fmax < 20 and energy_per_atom < -3 and natoms <= 64 and config_type == 'bulk'", true),
        ("fmax == 5", true), ("fmax < 5", false), ("natoms == 3", true), ("energy == -12.0", true),
        ("energy_per_atom > -4", false), ("volume == 80", true), ("volume_per_atom < 26.6", false),
        ("pressure == 1", true), ("smax > 5.99 and smax < 6.01", true), ("frms * frms * 9 > 25.99", true),
        ("count(Si) == 2 and count('O') == 1 and count(H) == 0", true), ("nelements == 2", true),
        ("formula == 'OSi2'", true), ("has(forces) and has(stress) and not has(dipole)", true),
        ("has(config_type) and has('my key')", true), ("key('my key') == \"x\"", true), ("frame == 3", true),
        ("file == 'runs/a.xyz'", true), ("temperature >= 300", true), ("temperature / 100 - 1 == 2", true),
        ("relaxed", true), ("not relaxed", false), ("relaxed and fmax > 1", true), ("periodic", true),
        ("1 < natoms <= 3", true), ("1 < natoms < 3", false), ("config_type != 'bulk'", false),
        ("fmax < 1 or fmax > 4", true), ("fmax > 4 or fmax > 1e9 and fmax < 0", true),
        ("(fmax > 4 or fmax > 1e9) and fmax < 0", false), ("not fmax < 1 and natoms == 3", true),
        ("-energy == 12", true), ("2 + 3 * 4 == 14", true), ("density > 1.5", true), ("charge == 0", true),
        // (2·28.085 + 15.999) amu in 80 Å³, by hand
        ("density > 1.4979 and density < 1.4981", true),
    ])
    func expressionsMeanWhatTheySay(_ text: String, _ expected: Bool) throws {
        #expect(try admits(text) == expected, "\(text)")
    }

    @Test func whatAStructureLacksIsNeitherTrueNorFalse() throws {
        var bare = Self.silicon
        bare.forces = nil
        bare.information = [:]
        #expect(try admits("fmax < 20", bare) == nil)
        #expect(try admits("not fmax < 20", bare) == nil)
        #expect(try admits("config_type == 'bulk'", bare) == nil)
        #expect(try admits("fmax < 20 or natoms == 3", bare) == true)
        #expect(try admits("fmax < 20 and natoms == 4", bare) == false)
        #expect(try admits("converged", bare) == nil)
        bare.isConverged = false
        #expect(try admits("converged", bare) == false)
        #expect(bare.information == ["converged": "F"])
    }

    @Test(arguments: [
        ("", "found nothing"), ("fmax <", "found the end"), ("fmax < < 20", "\"<\" at column 8"),
        ("fmax < 20 natoms", "expected and, or, or the end, found \"natoms\" at column 11"),
        ("config_type = 'bulk'", "two signs compare: =="), ("fmax < 20 && natoms > 1", "write and"),
        ("config_type == 'bulk", "closing quote"), ("(fmax < 20", "closing parenthesis"),
        ("fmax < 1.2.3", "expected a number at column 8"),
        ("mean(forces) > 1", "expected count(…), has(…) or key(…)"),
        ("count(Xx) > 1", "symbol of an element"), ("fmax < 20; natoms", "cannot understand \";\""),
        (String(repeating: "(", count: 200), "nested too deeply"),
    ])
    func mistakesAreNamed(_ text: String, _ words: String) {
        do {
            _ = try StructureFilter(text)
            Issue.record("\(text) was understood")
        } catch {
            #expect("\(error)".contains(words), "\(error)")
        }
    }

    @Test(arguments: [
        ("natoms", "expected a condition"), ("natoms and fmax", "condition on both sides"),
        ("config_type < 'bulk'", "compares numbers"), ("has(forces) + 1 > 0", "found a condition"),
        ("has(forces) > 1", "cannot be compared"),
    ])
    func whatIsNoConditionIsNamed(_ text: String, _ words: String) {
        do {
            _ = try admits(text)
            Issue.record("\(text) was evaluated")
        } catch {
            #expect("\(error)".contains(words), "\(error)")
        }
    }

    @Test func aMisspelledWordIsFound() throws {
        var filter = try StructureFilter("fmx < 20")
        #expect(try filter.admits(Self.silicon, frame: 1, file: "") == nil)
        do {
            try filter.checkKeys(structures: 1)
            Issue.record("fmx was taken")
        } catch {
            #expect("\(error)".contains("did you mean fmax?"))
        }
        var right = try StructureFilter("config_type == 'bulk'")
        _ = try right.admits(Self.silicon, frame: 1, file: "")
        try right.checkKeys(structures: 1)
    }

    @Test(arguments: [
        ("2:10:3", [2, 5, 8]), (":3", [0, 1, 2]), ("::4", [0, 4, 8]), ("-2:", [8, 9]), ("-1", [9]), ("3", [3]),
        (":-8", [0, 1]), ("5:100", [5, 6, 7, 8, 9]), ("7:3", []), ("-3:-1", [7, 8]),
    ])
    func slicesAreThoseOfPython(_ text: String, _ expected: [Int]) throws {
        let slice = try FrameSlice(text)
        #expect(Array(slice.indices(of: 10)) == expected)
        if !slice.countsFromTheEnd { #expect((0..<10).filter { slice.contains($0) } == expected) }
    }

    @Test(arguments: ["", "a:b", "1:2:0", "1:2:-1", "1:2:3:4"])
    func otherSlicesAreRefused(_ text: String) {
        #expect(throws: FilterError.self) { _ = try FrameSlice(text) }
    }

    @Test func scratchGivesBackToTheBit() throws {
        var other = Self.silicon
        other.velocities = [SIMD3(0.1, 0.2, 0.3), .zero, .zero]
        other.masses = [28, 29, 16]
        other.moveMask = [SIMD3(1, 0, 1), SIMD3(0, 0, 0), SIMD3(1, 1, 1)]
        other.weight = 0.25
        other.forceWeights = [SIMD3(1, 1, 0.5), .zero, SIMD3(1, 1, 1)]
        other.deviation = .init(energy: 0.1, forces: [1, 2, 3])
        other.properties = [.charges: [0.1, -0.2, 0.1], .dipole: [1, 2, 3]]
        other.cell?.isPeriodic = SIMD3(1, 0, 1)
        let scratch = try StructureScratch(beside: folder.file("out.xyz"))
        for index in 0..<5000 { try scratch.append(index.isMultiple(of: 2) ? Self.silicon : other) }
        for index in [4999, 0, 1, 2500, 17] {
            #expect(try scratch.structure(index) == (index.isMultiple(of: 2) ? Self.silicon : other))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func foldersAreSearchedByContent() throws {
        let frame = "1\nenergy=-1.5\nH 0 0 0\n"
        for name in ["a/b", "c", ".hidden"] {
            try FileManager.default.createDirectory(
                atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
        }
        let poscar = "Si\n1.0\n4 0 0\n0 4 0\n0 0 4\nSi\n1\nDirect\n0 0 0\n"
        for (name, text) in [
            ("a/b/data.txt", frame), ("a/b/notes.md", "no structures"), ("a/b/POSCAR", poscar), ("c/POSCAR", poscar),
            (".hidden/x.xyz", frame), ("z.xyz", frame),
        ] { _ = try folder.file(name, holding: text) }
        let search = try FolderSearch(folder.path + "/")
        #expect(search.files.map { $0.dropFirst(folder.path.count + 1) } == ["z.xyz", "a/b/data.txt", "c/POSCAR"])
        #expect(search.remarks.count == 1 && search.remarks[0].contains("a/b/POSCAR: passed over beside data.txt"))
        let empty = "\(folder.path)/.hidden/none"
        try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
        #expect(throws: StructureFileError.self) { _ = try FolderSearch(empty) }
    }

    @Test func theSameRunIsNoticed() {
        var copies = RunCopies()
        func structure(_ energy: Double) -> Structure {
            var structure = Self.silicon
            structure.energy = energy
            return structure
        }
        copies.begin("OUTCAR")
        for energy in [-1.0, -2, -3] { copies.add(structure(energy)) }
        #expect(copies.end() == nil)
        copies.begin("other")
        for energy in [-1.00001, -2, -3.5] { copies.add(structure(energy)) }
        #expect(copies.end() == nil)
        copies.begin("vasprun.xml")
        for energy in [-1.0000000004, -2.0000004999, -3] { copies.add(structure(energy)) }
        #expect(
            copies.end()?.contains("vasprun.xml: 3 of its 3 structures with energies are those of OUTCAR") == true)
    }
}
