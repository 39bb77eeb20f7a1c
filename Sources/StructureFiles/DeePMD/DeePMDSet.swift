import Foundation

/// Rows of numbers, one for each frame, whether they come from NumPy's arrays or from text.
protocol FrameRows {
    var rows: Int { get }
    var width: Int { get }
    func row(_ index: Int) throws -> ArraySlice<Double>
}

extension NumPyRows: FrameRows {}

/// A set of frames: arrays that have a row for each.
struct DeePMDSet {
    let name: String
    let frames: Int
    let coordinates: any FrameRows
    let box: (any FrameRows)?
    let energy: (any FrameRows)?
    let forces: (any FrameRows)?
    let virial: (any FrameRows)?
    /// Of each atom in each frame, where they differ.
    let types: (any FrameRows)?

    /// `set.000` and its like.
    init(arrays folder: String, atoms: Int) throws {
        try self.init(folder, atoms: atoms) { name in
            let path = "\(folder)/\(name).npy"
            return access(path, F_OK) == 0 ? try NumPyRows(path: path) : nil
        }
    }

    /// `coord.raw` and its like.
    init(text folder: String, atoms: Int) throws {
        try self.init(folder, atoms: atoms) { name in
            let path = "\(folder)/\(name).raw"
            return access(path, F_OK) == 0 ? try TextRows(path: path) : nil
        }
    }

    private init(_ folder: String, atoms: Int, _ open: (String) throws -> (any FrameRows)?) throws {
        name = folder
        guard let coordinates = try open("coord") else {
            throw FormatProblem("expected coord in \(folder), found none")
        }
        self.coordinates = coordinates
        frames = coordinates.rows
        let count = coordinates.rows
        func rows(_ name: String, _ width: Int) throws -> (any FrameRows)? {
            guard let rows = try name == "coord" ? coordinates : open(name) else { return nil }
            guard rows.rows == count, rows.width == width else {
                throw FormatProblem(
                    "expected \(count) × \(width) numbers in \(name) of \(folder), found \(rows.rows) × \(rows.width)"
                )
            }
            return rows
        }
        _ = try rows("coord", 3 * atoms)
        box = try rows("box", 9)
        energy = try rows("energy", 1)
        forces = try rows("force", 3 * atoms)
        virial = try rows("virial", 9)
        types = try rows("real_atom_types", atoms)
    }
}

/// A text of numbers, a line for each frame, read line by line.
final class TextRows: FrameRows {
    let rows: Int
    let width: Int
    private let path: String
    private var lines: LineReader
    private var next = 0
    private var numbers: ArraySlice<Double> = []

    init(path: String) throws {
        self.path = path
        var counting = try LineReader(path: path)
        var (rows, width) = (0, 0)
        while try counting.advance() {
            if counting.isBlank { continue }
            if rows == 0 {
                guard let numbers = counting.numbers() else {
                    throw FormatProblem("\(path): expected numbers in its first line")
                }
                width = numbers.count
            }
            rows += 1
        }
        (self.rows, self.width) = (rows, width)
        lines = try LineReader(path: path)
    }

    func row(_ index: Int) throws -> ArraySlice<Double> {
        if index == next - 1 { return numbers }
        precondition(index == next, "rows of text are read one after another")
        repeat {
            guard try lines.advance() else { throw FormatProblem("\(path): expected \(rows) lines, found \(next)") }
        } while lines.isBlank
        guard let found = lines.numbers(), found.count == width else {
            throw FormatProblem("\(path): line \(lines.number): expected \(width) numbers, found something else")
        }
        next += 1
        numbers = found[...]
        return numbers
    }
}
