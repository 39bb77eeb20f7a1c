import Atoms

/// Reads the configurations of a `.cfg`: Å, eV, eV/Å; `PlusStress` is the virial in eV, positive in compression
/// (Novikov et al., Mach. Learn.: Sci. Technol. 2, 025002 (2021)), so that stress = −PlusStress / volume.
struct MTPSource: DraftSource {
    private var lines: LineReader
    private let facts: UnstatedFacts

    init(_ lines: LineReader, facts: UnstatedFacts) {
        self.lines = lines
        self.facts = facts
    }

    var path: String { lines.path }
    var line: Int? { lines.number }
    mutating func verifyRest() throws { try lines.verifyRest() }

    mutating func next() throws -> StructureDraft? {
        guard try begin() else { return nil }
        var draft = StructureDraft()
        draft.cellWord = "Supercell"
        var (size, virial): (Int?, Matrix3?) = (nil, nil)
        while try lines.advance() {
            let words = lines.words()
            guard let first = words.first else { continue }
            switch first {
            case "END_CFG":
                if let virial, let vectors = draft.vectors {
                    let cell = Cell(vectors)
                    guard cell.volume > 0 else {
                        throw FormatProblem("expected a cell with a volume, found \(vectors.elements)")
                    }
                    draft.stress = cell.stress(ofVirial: virial)
                }
                return draft
            case "Size":
                let word = try readLine().first
                guard let count = word.flatMap({ Int($0) }), (1...Int(Int32.max)).contains(count) else {
                    throw FormatProblem("expected a number of atoms, found \"\(lines.excerpt)\"")
                }
                size = count
            case "Supercell": draft.vectors = try readCell()
            case "AtomData:":
                guard let size else { throw FormatProblem("expected Size before the atoms, found none") }
                try readAtoms(size, words.dropFirst().map(String.init), into: &draft)
            case "Energy":
                guard let energy = try readNumbers(1)?[0] else {
                    throw FormatProblem("expected an energy, found \"\(lines.excerpt)\"")
                }
                draft.energy = energy
            case "PlusStress:": virial = try readVirial(words.dropFirst().map(String.init))
            case "Feature":
                if words.count > 2 { draft.information[String(words[1])] = words.dropFirst(2).joined(separator: " ") }
            default: throw FormatProblem("expected a part of a configuration, found \"\(lines.excerpt)\"")
            }
        }
        throw FormatProblem("expected END_CFG, found the end of the file: it was cut off")
    }

    private mutating func begin() throws -> Bool {
        while try lines.advance() {
            guard let word = lines.words().first else { continue }
            guard word == "BEGIN_CFG" else { throw FormatProblem("expected BEGIN_CFG, found \"\(lines.excerpt)\"") }
            return true
        }
        return false
    }

    private mutating func readLine() throws -> [Substring] { try lines.advance() ? lines.words() : [] }

    private mutating func readNumbers(_ count: Int) throws -> [Double]? {
        guard try lines.advance(), let numbers = lines.numbers(), numbers.count == count else { return nil }
        return numbers
    }

    /// Three vectors; one or two repeat along so many directions, which is no cell of three.
    private mutating func readCell() throws -> Matrix3 {
        var rows: [SIMD3<Double>] = []
        while try lines.advance() {
            guard let numbers = lines.numbers(), numbers.count == 3 else {
                lines.stepBack()
                break
            }
            rows.append(SIMD3(numbers[0], numbers[1], numbers[2]))
        }
        guard rows.count == 3 else { throw FormatProblem("expected three lattice vectors, found \(rows.count)") }
        return Matrix3(rows[0], rows[1], rows[2])
    }

    private mutating func readVirial(_ names: [String]) throws -> Matrix3 {
        guard let numbers = try readNumbers(6), names.count == 6 else {
            throw FormatProblem("expected six components of PlusStress, found \"\(lines.excerpt)\"")
        }
        let values = Dictionary(zip(names, numbers)) { $1 }
        guard let xx = values["xx"], let yy = values["yy"], let zz = values["zz"], let yz = values["yz"],
            let xz = values["xz"] ?? values["zx"], let xy = values["xy"]
        else { throw FormatProblem("expected PlusStress: xx yy zz yz xz xy, found \(names.joined(separator: " "))") }
        return Matrix3(SIMD3(xx, xy, xz), SIMD3(xy, yy, yz), SIMD3(xz, yz, zz))
    }

    private mutating func readAtoms(_ count: Int, _ names: [String], into draft: inout StructureDraft) throws {
        func column(_ name: String) -> Int? { names.firstIndex(of: name) }
        let isDirect = column("direct_x") != nil
        let prefix = isDirect ? "direct" : "cartes"
        guard let type = column("type"),
            let places = ["x", "y", "z"].map({ column("\(prefix)_\($0)") }) as? [Int]
        else {
            throw FormatProblem(
                "expected AtomData: id type cartes_x cartes_y cartes_z, found \(names.joined(separator: " "))")
        }
        let force = ["fx", "fy", "fz"].map(column) as? [Int]
        guard !isDirect || draft.vectors != nil else {
            throw FormatProblem("expected Supercell before direct coordinates, found none")
        }
        var forces: [SIMD3<Double>] = []
        draft.firstAtomLine = lines.number + 1
        for atom in 1...count {
            guard try lines.advance(), let numbers = lines.numbers(), numbers.count == names.count else {
                throw FormatProblem(
                    "expected \(names.count) numbers of atom \(atom) of \(count), found \"\(lines.excerpt)\"")
            }
            guard let number = Int(exactly: numbers[type]) else {
                throw FormatProblem("expected a type, found \(numbers[type])")
            }
            draft.elements.append(try facts.element(ofType: number, numberedFrom: 0))
            let r = SIMD3(numbers[places[0]], numbers[places[1]], numbers[places[2]])
            draft.positions.append(isDirect ? r * draft.vectors! : r)
            if let force { forces.append(SIMD3(numbers[force[0]], numbers[force[1]], numbers[force[2]])) }
        }
        if force != nil { draft.forces = forces }
    }
}
