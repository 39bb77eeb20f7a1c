import Atoms
import Foundation

/// What CP2K writes beside its output while atoms move: positions, forces, cells and stresses, each of them not in
/// every step, in files that restarts go on with.
///
/// All are read alongside the output: a frame of positions belongs to the step that has its energy, the others to the
/// frame that has their number.
struct CP2KCompanions {
    enum Kind: CaseIterable { case positions, forces, cells, stresses, energies }

    static func path(_ kind: Kind, of project: String, beside output: String) -> String {
        let ending =
            switch kind {
            case .positions: "-pos-1.xyz"
            case .forces: "-frc-1.xyz"
            case .cells: "-1.cell"
            case .stresses: "-1.stress"
            case .energies: "-1.ener"
            }
        return ((output as NSString).deletingLastPathComponent as NSString).appendingPathComponent(project + ending)
    }

    /// A frame of positions with what belongs to it.
    struct Frame {
        var number: Int
        var labels: [String]
        /// Å
        var positions: [SIMD3<Double>]
        /// hartree/bohr
        var forces: [SIMD3<Double>]?
        /// Å
        var lattice: Matrix3?
        /// bar, positive under pressure.
        var stress: Matrix3?
        var velocities: [SIMD3<Double>]?
    }

    private var positions: CP2KTrajectory
    private var forces: CP2KTrajectory?
    private var cells: CP2KTable?
    private var stresses: CP2KTable?
    /// By energy in units of 1e-10 hartree, as printed.
    private var places: [Int: Int] = [:]
    private var next = 0
    /// Whether there is a file of cells.
    let hasCells: Bool

    /// Nil where there are no positions beside the output.
    init?(of project: String, beside output: String) throws {
        func existing(_ kind: Kind) -> String? {
            let path = Self.path(kind, of: project, beside: output)
            return FileManager.default.fileExists(atPath: path) ? path : nil
        }
        guard let path = existing(.positions) else { return nil }
        var all = try CP2KTrajectory(path)
        var count = 0
        while let comment = try all.skipFrame() {
            if let key = comment.energy.map(Self.key), places[key] == nil { places[key] = count }
            count += 1
        }
        positions = try CP2KTrajectory(path)
        forces = try existing(.forces).map { try CP2KTrajectory($0) }
        cells = try existing(.cells).map { try CP2KTable($0) }
        stresses = try existing(.stresses).map { try CP2KTable($0) }
        hasCells = cells != nil
    }

    private static func key(_ energy: Double) -> Int {
        Int(max(-9e18, min(9e18, (energy * 1e10).rounded())))
    }

    /// The frame of the step with this energy in hartree, where one was written that has not been given yet.
    mutating func frame(energy: Double) throws -> Frame? {
        let key = Self.key(energy)
        guard let place = [key, key - 1, key + 1].compactMap({ places[$0] }).first(where: { $0 >= next }) else {
            return nil
        }
        while next < place {
            _ = try positions.skipFrame()
            next += 1
        }
        guard let (comment, labels, rows) = try positions.readFrame() else { return nil }
        next += 1
        var frame = Frame(number: comment.number, labels: labels, positions: rows)
        // One that is cut off behind its positions is found to be so by its energy.
        if let (other, _, rows) = try forces?.frame(numbered: comment.number, energy: comment.energy),
            other.number == comment.number, rows.count == labels.count
        {
            frame.forces = rows
        }
        frame.lattice = try cells?.row(numbered: comment.number, count: 9).map { Matrix3(elements: $0) }
        frame.stress = try stresses?.row(numbered: comment.number, count: 9).map { Matrix3(elements: $0) }
        return frame
    }
}

/// Frames of `-pos-1.xyz` or `-frc-1.xyz`: a count, ` i = 3, time = 1.500, E = -34.33`, and a line for each atom.
struct CP2KTrajectory {
    struct Comment {
        var number: Int
        /// hartree
        var energy: Double?
    }

    private var lines: LineReader
    private var waiting: (comment: Comment, labels: [String], rows: [SIMD3<Double>])?

    init(_ path: String) throws { lines = try LineReader(path: path, chunk: 1 << 16) }

    /// The count and the comment of the next frame; nil at the end, also in the middle of them.
    private mutating func begin() throws -> (count: Int, comment: Comment)? {
        repeat {
            guard try lines.advance() else { return nil }
        } while lines.isBlank
        guard let word = lines.words().first, let count = Int(word), (1...10_000_000).contains(count) else {
            throw StructureFileError(
                file: lines.path, line: lines.number, message: "expected a number of atoms, found \"\(lines.text)\"")
        }
        guard try lines.advance() else { return nil }
        var comment = Comment(number: -1)
        for part in lines.text.split(separator: ",") {
            let words = part.split(whereSeparator: { " =".contains($0) })
            guard words.count == 2 else { continue }
            if words[0] == "i" { comment.number = Int(words[1]) ?? -1 }
            if words[0] == "E" { comment.energy = Double(words[1]) }
        }
        return (count, comment)
    }

    /// Passes over a frame.
    mutating func skipFrame() throws -> Comment? {
        guard let (count, comment) = try begin() else { return nil }
        for _ in 0..<count { guard try lines.advance() else { return nil } }
        return comment
    }

    /// The next whole frame.
    mutating func readFrame() throws -> (comment: Comment, labels: [String], rows: [SIMD3<Double>])? {
        guard let (count, comment) = try begin() else { return nil }
        var (labels, rows) = ([String](), [SIMD3<Double>]())
        for _ in 0..<count {
            guard try lines.advance() else { return nil }
            let line = lines.line
            let start = lines.buffer[line].firstIndex { $0 != 0x20 } ?? line.upperBound
            let end = lines.buffer[start..<line.upperBound].firstIndex { $0 == 0x20 } ?? line.upperBound
            guard start < end, let row = lines.triple(in: end..<line.upperBound) else {
                throw StructureFileError(
                    file: lines.path, line: lines.number,
                    message: "expected a label and three numbers, found \"\(lines.text)\"")
            }
            labels.append(lines.text(start..<end))
            rows.append(row)
        }
        return (comment, labels, rows)
    }

    /// The frame of this number and energy, where it comes next or after others of smaller numbers.
    mutating func frame(
        numbered number: Int, energy: Double?
    ) throws -> (comment: Comment, labels: [String], rows: [SIMD3<Double>])? {
        while true {
            if waiting == nil { waiting = try readFrame() }
            guard let frame = waiting else { return nil }
            if frame.comment.number == number, frame.comment.energy == energy {
                waiting = nil
                return frame
            }
            if frame.comment.number > number { return nil }
            waiting = nil
        }
    }
}

/// Rows of `-1.cell` or `-1.stress`: step, time, nine numbers; lines of titles begin with `#`.
struct CP2KTable {
    private var lines: LineReader
    private var waiting: [Double]?

    init(_ path: String) throws { lines = try LineReader(path: path, chunk: 1 << 16) }

    /// The numbers of a step, where it comes next or after smaller ones.
    mutating func row(numbered number: Int, count: Int) throws -> [Double]? {
        while true {
            if waiting == nil {
                guard try lines.advance() else { return nil }
                if lines.buffer[lines.line].first(where: { $0 != 0x20 }) == UInt8(ascii: "#") || lines.isBlank {
                    continue
                }
                guard let row = lines.numbers(), row.count >= count + 2 else {
                    // A row that the file ends in.
                    return nil
                }
                waiting = row
            }
            guard let row = waiting else { return nil }
            if row[0] == Double(number) {
                waiting = nil
                return Array(row[2..<2 + count])
            }
            if row[0] > Double(number) { return nil }
            waiting = nil
        }
    }
}
