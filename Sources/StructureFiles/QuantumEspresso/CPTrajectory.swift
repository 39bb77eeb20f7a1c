import Atoms
import Foundation

/// The steps of a trajectory of cp.x: positions (`.pos`), and beside them the input (`.in`), cells (`.cel`), energies
/// (`.evp`), forces (`.for`) and stresses (`.str`), in Hartree atomic units and GPa, block by block with their step.
///
/// - Energy: `etot` of `.evp`. Stress: positive under pressure, with the sign turned.
/// - The columns of `.cel` are the lattice vectors.
/// - Atoms stand in the order of the input, in versions before 6.6 sorted by species; the first positions tell which.
/// - Car–Parrinello electrons do not converge in the sense of others; whether they have is not said.
struct CPTrajectory: RunText {
    private let path: String
    private let input: CPInput
    private var elements: [Element]?
    private var forces, cells, stresses: CPBlocks?
    private var energies: CPEnergies?

    static func path(beside path: String, ending: String) -> String {
        ((path as NSString).deletingPathExtension as NSString).appendingPathExtension(ending) ?? path
    }

    init(path: String) throws {
        self.path = path
        func existing(_ ending: String) -> String? {
            let file = Self.path(beside: path, ending: ending)
            return FileManager.default.fileExists(atPath: file) ? file : nil
        }
        guard let file = existing("in") else {
            throw StructureFileError(
                file: path,
                message:
                    "expected the input of cp.x beside it (\(Self.path(beside: path, ending: "in"))), which says what the atoms are, found none; copy it there under this name"
            )
        }
        guard let cells = existing("cel") else {
            throw StructureFileError(
                file: path,
                message: "expected its cells beside it (\(Self.path(beside: path, ending: "cel"))), found none")
        }
        input = try CPInput(file)
        self.cells = try CPBlocks(cells, rows: 3)
        forces = try existing("for").map { try CPBlocks($0, rows: input.labels.count) }
        stresses = try existing("str").map { try CPBlocks($0, rows: 3) }
        energies = try existing("evp").map { try CPEnergies($0) }
    }

    mutating func take(_ lines: inout LineReader, into steps: inout RunSteps) throws {
        if steps.runs == 0 {
            steps.beginRun()
            steps.method = input.method
        }
        guard !lines.isBlank else { return }
        guard let head = lines.numbers(), head.count == 2, let number = Int(exactly: head[0]) else {
            throw FormatProblem("expected a step and its time, found \"\(lines.text)\"")
        }
        var step = RunStep(place: "\(number)")
        var places: [SIMD3<Double>] = []
        while places.count < input.labels.count {
            guard try lines.advance() else {
                step.isCut = true
                return try steps.finish(step)
            }
            guard let place = lines.triple() else {
                throw FormatProblem(
                    "expected the position of atom \(places.count + 1) of \(input.labels.count), found \"\(lines.text)\""
                )
            }
            places.append(place * Units.bohr)
        }
        guard let cell = try cells?.block(number) else {
            steps.leaveOut(step.place, .notPrinted, "it has no cell in .cel")
            return
        }
        let lattice = Matrix3(cell[0], cell[1], cell[2]).transposed * Units.bohr
        if elements == nil { elements = try input.elements(at: places, lattice) }
        step.elements = elements
        step.positions = places
        step.lattice = lattice
        step.energy = try energies?.energy(number).map { $0 * Units.hartree }
        step.forces = try forces?.block(number)?.map { $0 * Units.hartreePerBohr }
        if let s = try stresses?.block(number) {
            step.stress = Matrix3(s[0], s[1], s[2]) * (-1 / Units.gigapascal)
        }
        step.information["step"] = "\(number)"
        try steps.finish(step)
    }

    mutating func end(into steps: inout RunSteps) throws {}
}

/// Blocks of `.for`, `.cel` or `.str`: a line with step and time, then rows of three numbers.
private struct CPBlocks {
    private var lines: LineReader
    private let rows: Int
    private var waiting: (step: Int, rows: [SIMD3<Double>])?

    init(_ path: String, rows: Int) throws {
        lines = try LineReader(path: path, chunk: 1 << 16)
        self.rows = rows
    }

    /// The block of a step, where it comes next or after those of earlier ones.
    mutating func block(_ step: Int) throws -> [SIMD3<Double>]? {
        while true {
            if waiting == nil { waiting = try read() }
            guard let (found, rows) = waiting else { return nil }
            if found > step { return nil }
            waiting = nil
            if found == step { return rows }
        }
    }

    private mutating func read() throws -> (step: Int, rows: [SIMD3<Double>])? {
        repeat {
            guard try lines.advance() else { return nil }
        } while lines.isBlank
        guard let head = lines.numbers(), head.count == 2, let step = Int(exactly: head[0]) else {
            throw problem("expected a step and its time")
        }
        var found: [SIMD3<Double>] = []
        while found.count < rows {
            guard try lines.advance() else { return nil }
            guard let row = lines.triple() else { throw problem("expected three numbers") }
            found.append(row)
        }
        return (step, found)
    }

    private func problem(_ words: String) -> StructureFileError {
        StructureFileError(file: lines.path, line: lines.number, message: "\(words), found \"\(lines.text)\"")
    }
}

/// The column `etot` of `.evp`, in hartree, which a title names.
private struct CPEnergies {
    private var lines: LineReader
    private var column: Int?
    private var waiting: (step: Int, energy: Double?)?

    init(_ path: String) throws { lines = try LineReader(path: path, chunk: 1 << 16) }

    mutating func energy(_ step: Int) throws -> Double? {
        while true {
            if waiting == nil {
                guard try lines.advance() else { return nil }
                let words = lines.words()
                if words.first == "#" || words.first?.hasPrefix("#") == true {
                    column = words.filter { $0 != "#" }.firstIndex(of: "etot")
                    continue
                }
                guard let first = words.first, let found = Int(first) else { continue }
                guard let column else {
                    throw StructureFileError(
                        file: lines.path, line: lines.number,
                        message: "expected a title that names the column etot, found none before the numbers")
                }
                let numbers = lines.numbers()
                waiting = (found, numbers.flatMap { $0.indices.contains(column) ? $0[column] : nil })
            }
            guard let (found, energy) = waiting else { return nil }
            if found > step { return nil }
            waiting = nil
            if found == step { return energy }
        }
    }
}
