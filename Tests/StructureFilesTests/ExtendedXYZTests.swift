import Atoms
import Foundation
import TestSupport
import Testing

@testable import StructureFiles

@Suite struct ExtendedXYZTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func read(_ text: String, labels: LabelKeys = LabelKeys()) throws -> [Structure] {
        try ExtendedXYZReader.readAll(path: folder.file(holding: text), labels: labels)
    }

    private func comment(_ line: String) throws -> Structure { try read("1\n\(line)\nH 0 0 0\n")[0] }

    private static func randomStructure(_ random: inout SplitMix64) throws -> Structure {
        func number() -> Double {
            Double.random(in: -1...1, using: &random) * pow(10, .random(in: -12...2, using: &random))
        }
        func vector() -> SIMD3<Double> { SIMD3(number(), number(), number()) }
        let count = Int.random(in: 1...30, using: &random)
        var elements: [Element] = []
        for _ in 0..<count {
            elements.append(try #require(Element(atomicNumber: Int.random(in: 1...118, using: &random))))
        }
        let positions = (0..<count).map {
            SIMD3(Double($0), 0, 0) + SIMD3(0.3, 0.3, 0.3)
                * vector().clamped(lowerBound: SIMD3(repeating: -1), upperBound: SIMD3(repeating: 1))
        }
        var structure = Structure(elements: elements, positions: positions)
        if Bool.random(using: &random) {
            let vectors = Matrix3(SIMD3(-50 - number() / 1000, 0, 0), SIMD3(0, 50, 1 / 3.0), SIMD3(0.1, 0, 50))
            structure.cell = Cell(vectors, periodic: (Bool.random(using: &random), true, false))
            if Bool.random(using: &random) {
                let (a, b, c) = (number(), number(), number())
                structure.stress = Matrix3(SIMD3(number(), a, b), SIMD3(a, number(), c), SIMD3(b, c, number()))
            }
        }
        if Bool.random(using: &random) { structure.energy = number() }
        if Bool.random(using: &random) { structure.forces = (0..<count).map { _ in vector() } }
        if Bool.random(using: &random) { structure.velocities = (0..<count).map { _ in vector() } }
        structure.information = [
            "config_type": "liquid", "note": "she said \"hi\", {a} [b] = \\c\nnew line", "empty": "",
            "weird key=": "1 2 3", "näme": "水", "json": #"_JSON {"k": [[1, 2]], "s": "x=y"}"#,
        ]
        return structure
    }

    @Test func whatIsWrittenIsReadBackExactly() throws {
        var random = SplitMix64(6)
        let structures = try (0..<200).map { _ in try Self.randomStructure(&random) }
        let path = folder.file("round trip.xyz")
        try ExtendedXYZWriter.write(structures, to: path)
        #expect(try ExtendedXYZReader.readAll(path: path) == structures)
        // For Tests/python/test_extended_xyz.py.
        if let samples = ProcessInfo.processInfo.environment["APUS_SAMPLES"] {
            try FileManager.default.createDirectory(atPath: samples, withIntermediateDirectories: true)
            try ExtendedXYZWriter.write(structures, to: samples + "/round-trip.xyz")
        }

        let appended = folder.file("appended.xyz")
        for half in [structures[..<100], structures[100...]] {
            let writer = try ExtendedXYZWriter(path: appended, mode: .appending)
            for structure in half { try writer.write(structure) }
        }
        #expect(try Data(contentsOf: URL(filePath: path)) == Data(contentsOf: URL(filePath: appended)))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2)
    }

    @Test func anUnfinishedReplacementLeavesTheOldFile() throws {
        let path = try folder.file("old.xyz", holding: "old")
        do {
            let writer = try ExtendedXYZWriter(path: path, mode: .replacing)
            try writer.write(Structure(elements: [#require(Element("H"))], positions: [.zero]))
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["old.xyz"])
    }

    @Test func appendingEndsALineThatIsOpen() throws {
        let path = try folder.file(holding: "1\n\nH 0 0 0")
        let writer = try ExtendedXYZWriter(path: path, mode: .appending)
        try writer.write(Structure(elements: [#require(Element("O"))], positions: [.zero]))
        try writer.close()
        #expect(try ExtendedXYZReader.readAll(path: path).map(\.formula) == ["H", "O"])
    }

    @Test func numbersThatAreNotFiniteAreNotWritten() throws {
        var structure = Structure(elements: [try #require(Element("H"))], positions: [.zero])
        structure.energy = .nan
        let writer = try ExtendedXYZWriter(path: folder.file("a.xyz"), mode: .appending)
        #expect(throws: StructureFileError.self) { try writer.write(structure) }
    }

    @Test(arguments: ["T T F", "True True False", "[T, T, F]", "1 1 0", "TTF", "true, true, false"])
    func periodicityHasManySpellings(_ spelling: String) throws {
        let structure = try comment("Lattice=\"5 0 0 0 5 0 0 0 5\" pbc=\"\(spelling)\"")
        #expect(structure.cell == Cell(Matrix3(diagonal: SIMD3(5, 5, 5)), periodic: (true, true, false)))
    }

    @Test func commentLinesAreTakenApart() throws {
        let structure = try comment(
            #"lattice = [5,0,0, 0,5,0, 0,0,5] k=a=b one= two flag "quoted key"=1 j="_JSON [1, \"]\"]" b={1 2} c=[[1,2],[3,4]] s='it is' energy = -1.5d0"#
        )
        #expect(structure.cell == Cell(Matrix3(diagonal: SIMD3(5, 5, 5))))
        #expect(structure.energy == -1.5)
        #expect(
            structure.information == [
                "k": "a=b", "one": "two", "flag": "T", "quoted key": "1", "j": #"_JSON [1, "]"]"#, "b": "1 2",
                "c": "[[1,2],[3,4]]", "s": "it is",
            ])
        #expect(try comment("it's free text").information == ["comment": "it's free text"])
        #expect(try comment("E = 'open").information == ["comment": "E = 'open"])
        #expect(try comment("").information == [:])
    }

    @Test func momentaOfASEBecomeVelocities() throws {
        // 1 Å/fs is 1 / 0.0982… in ASE's unit √(eV/amu); ase.units.fs = 0.09822694788464063.
        let text = "1\nProperties=species:S:1:pos:R:3:momenta:R:3:masses:R:1\nH 0 0 0 2 0 -4 2.0\n"
        let velocity = try #require(try read(text)[0].velocities)[0]
        #expect(abs(velocity.x - 0.09822694788464063) < 1e-9 && abs(velocity.z + 2 * velocity.x) < 1e-15)
        func both(_ velocity: String) -> String {
            "1\nProperties=species:S:1:pos:R:3:momenta:R:3:masses:R:1:velo:R:3\nH 0 0 0 2 0 -4 2 \(velocity)\n"
        }
        #expect(try read(both("0.098227 0 -0.196454"))[0].velocities == [SIMD3(0.098227, 0, -0.196454)])
        let error = #expect(throws: StructureFileError.self) { try read(both("1 2 3")) }
        #expect(error?.message.contains("momenta = mass × velocities") == true)
    }

    @Test func missingVectorsOfOpenDirectionsAreCompleted() throws {
        let slab = try comment("Lattice=\"3 0 0 1 4 0 0 0 0\" pbc=\"T T F\"")
        #expect(slab.cell?.vectors.rows.2 == SIMD3(0, 0, 1))
        let wire = try comment("Lattice=\"0 0 0 0 0 0 0 0 2.5\" pbc=\"F F T\"")
        #expect(abs(try #require(wire.cell).volume - 2.5) < 1e-15)
        #expect(try comment("Lattice=\"0 0 0 0 0 0 0 0 0\" pbc=\"F F F\"").cell == nil)
    }

    @Test func vectorLinesBehindTheAtomsAreACell() throws {
        let text = "1\nplain\nH 0 0 0\nVEC1 3 0 0\nVEC2 0 4 0\nVEC3 0 0 5\n1\nplain\nO 0 0 0\n"
        let structures = try read(text)
        #expect(structures.map { $0.cell?.volume } == [60, nil])
    }

    @Test(arguments: [
        ("2\nplain\nH 0 0 0 1\nH 1 0 0\n", 3), ("1\nplain\nH 0 nan 0\n", 3), ("1\nplain\nH 0 x 0\n", 3),
        ("1\nplain\nH 0 0 2e13\n", 3), ("99999999999999999999\n", 1), ("-1\n", 1),
        ("2147483647\nplain\nH 0 0 0\n", 4),
        ("1\nProperties=species:S:1:pos:R\nH 0 0 0\n", 2), ("1\nProperties=species:S:1\nH\n", 2),
        ("1\nProperties=species:S:1:pos:R:3:forces:R:2\nH 0 0 0 0 0\n", 2),
        ("1\nProperties=species:S:1:pos:R:3:x:Q:2\nH 0 0 0 0 0\n", 2),
        ("1\nvirial=\"1 0 0 0 1 0 0 0 1\"\nH 0 0 0\n", 2),
        ("1\nLattice=\"5 0 0 0 5 0 0 0 5\" energy=\"1 2\"\nH 0 0 0\n", 2), ("1\nLattice=\"5 0 0\nH 0 0 0\n", 2),
        ("1\nLattice=\"5 0 0 0 5 0 0 0 5\" pbc=\"T T\"\nH 0 0 0\n", 2),
        (
            "1\nLattice=\"5 0 0 0 5 0 0 0 5\" stress=\"1 0 0 0 1 0 0 0 1\" virial=\"125 0 0 0 125 0 0 0 125\"\nH 0 0 0\n",
            2
        ),
        ("1\nplain\nH 0 0 0\nVEC1 3 0 0\nVEC2 0 4 0\n", 6), ("1\nplain\n119 0 0 0\n", 3), ("1\n", 2),
    ])
    func malformedFramesAreRefusedWithTheirLine(_ text: String, _ line: Int) throws {
        let error = try #require(throws: StructureFileError.self) { _ = try read(text) }
        #expect(error.line == line && error.frame == 1, "\(error)")
    }

    @Test func anErrorStays() throws {
        let reader = try ExtendedXYZReader(path: folder.file(holding: "1\nplain\nXx 0 0 0\n1\nplain\nH 0 0 0\n"))
        for _ in 0..<3 { #expect(throws: StructureFileError.self) { _ = try reader.next() } }
    }

    @Test func linesMayCrossTheChunksOfTheFile() throws {
        let text = try String(contentsOf: Expectation.folder.appending(path: "14_crlf.xyz"), encoding: .utf8)
        let path = try folder.file(holding: text)
        var whole: [String] = []
        var reader = try LineReader(path: path)
        while try reader.advance() { whole.append(reader.text) }
        #expect(whole.count == 10 && !whole.contains { $0.contains("\r") })
        for chunk in 1...70 {
            var reader = try LineReader(path: path, chunk: chunk)
            var lines: [String] = []
            while try reader.advance() { lines.append(reader.text) }
            #expect(lines == whole, "\(chunk)")
        }
    }

    /// In large frames, where a double loop would take minutes.
    @Test func coincidentAtomsAreFoundInLargeFrames() throws {
        var random = SplitMix64(7)
        let cell = Cell(Matrix3(SIMD3(0, 100, 0), SIMD3(90, 20, 0), SIMD3(5, -10, 80)))
        var positions: [SIMD3<Double>] = []
        for a in 0..<50 {
            for b in 0..<50 {
                for c in 0..<40 {
                    positions.append(SIMD3(Double(a) / 50, Double(b) / 50, Double(c) / 40) * cell.vectors)
                }
            }
        }
        var check = CoincidenceCheck()
        var found = check.firstPair(in: positions, cell: cell)
        #expect(found == nil)
        found = check.firstPair(in: positions, cell: nil)
        #expect(found == nil)
        for _ in 0..<20 {
            let i = Int.random(in: 0..<50_000, using: &random)
            let j = Int.random(in: 50_001..<100_000, using: &random)
            var moved = positions
            let direction = SIMD3(0.577, -0.577, 0.577)
            moved[j] = moved[i] + direction * 0.009 + SIMD3(3, -2, 1) * cell.vectors
            found = check.firstPair(in: moved, cell: cell)
            let pair = try #require(found)
            #expect(pair.first == i && pair.second == j && pair.isThroughImage && abs(pair.distance - 0.009) < 1e-5)
            moved[j] = moved[i] + direction * 0.011
            found = check.firstPair(in: moved, cell: cell)
            #expect(found == nil)
        }
    }

    @Test func patternsNameFiles() throws {
        for name in ["b.xyz", "a.xyz", "c.txt", "odd[1].xyz"] { _ = try folder.file(name, holding: "") }
        let found = try FilePattern.expand(folder.file("*.xyz"))
        #expect(found.map { URL(filePath: $0).lastPathComponent } == ["a.xyz", "b.xyz", "odd[1].xyz"])
        #expect(try FilePattern.expand([folder.file("a.xyz"), folder.file("?.xyz")]).count == 2)
        #expect(try FilePattern.expand(folder.file("odd[1].xyz")).count == 1)
        #expect(throws: StructureFileError.self) { _ = try FilePattern.expand(folder.file("*.extxyz")) }
        #expect(throws: StructureFileError.self) { _ = try ExtendedXYZReader(path: folder.file("none.xyz")) }
    }

    /// Data/ase.xyz is what ASE 3.29 writes (Data/make_ase_file.py), with every kind of value that it knows.
    @Test func filesOfASEAreRead() throws {
        let path = Bundle.module.resourceURL!.appending(path: "Data/ase.xyz").path
        let structures = try ExtendedXYZReader.readAll(path: path, requiring: Property.ofEnergySurface)
        #expect(structures.map(\.formula) == ["Cu4", "H6C2O", "Fe2"])
        let copper = structures[0]
        #expect(copper.energy == 0.7670855999828774)
        // ASE prints eight decimals of a column.
        let force = try #require(copper.forces).reduce(SIMD3<Double>.zero, +)
        #expect(norm(force) < 1e-7)
        let stress = try #require(copper.stress)
        #expect(stress[0, 1] == 0.04459242494236582 && stress == stress.transposed)
        #expect(structures[1].cell == nil && structures[1].energy == -4209.5)
        #expect(try #require(structures[2].cell).vectors.determinant < 0)
        // A velocity of 0.01 Å/fs in x, written by ASE as momentum.
        #expect(abs(try #require(structures[2].velocities)[0].x - 0.01) < 1e-8)
        #expect(structures[2].information["text"] == "she said \"hi\" {a} [b]")
        #expect(structures[2].information["tiny"] == "1e-20")
    }

    /// Prints MB/s; set APUS_TIMING to run it.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["APUS_TIMING"] != nil))
    func timing() throws {
        var random = SplitMix64(8)
        for (digits, atoms, frames) in [(8, 64, 3000), (8, 100_000, 2), (17, 64, 3000)] {
            var text = ""
            for _ in 0..<frames {
                text +=
                    "\(atoms)\nLattice=\"200 0 0 0 200 0 0 0 200\" Properties=species:S:1:pos:R:3:forces:R:3 energy=-1.5 pbc=\"T T T\" config_type=a\n"
                for i in 0..<atoms {
                    text += "Si"
                    for k in 0..<6 {
                        let x =
                            Double.random(in: 0...1, using: &random)
                            + (k == 0
                                ? Double(i % 100) * 2
                                : k == 1 ? Double(i / 100 % 100) * 2 : k == 2 ? Double(i / 10000) * 2 : 0)
                        text += digits == 17 ? " \(x)" : String(format: " %.8f", x)
                    }
                    text += "\n"
                }
            }
            let path = try folder.file(holding: text)
            let clock = ContinuousClock()
            var structures: [Structure] = []
            let reading = try clock.measure { structures = try ExtendedXYZReader.readAll(path: path) }
            let writing = try clock.measure { try ExtendedXYZWriter.write(structures, to: folder.file("b.xyz")) }
            let size = Double(text.utf8.count) / 1e6
            print(
                "\(digits) digits, \(atoms) atoms: read \(size / (reading / .seconds(1))) MB/s, written in \(writing), \(size) MB"
            )
        }
    }
}
