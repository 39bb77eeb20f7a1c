import Atoms
import Foundation

/// Reads one extended XYZ frame after another: count, comment line, atom lines, checks.
struct FrameReader {
    var lines: LineReader
    var path: String { lines.path }
    let labels: LabelKeys
    let use: StructureUse
    private(set) var census = LabelCensus()

    /// The present frame, from 1, and the line of its atom count.
    var frame = 0
    var countLine = 0
    private var coincidences = CoincidenceCheck()
    private var lastProperties: (text: String, columns: Columns)?

    init(lines: LineReader, labels: LabelKeys, use: StructureUse) {
        self.lines = lines
        self.labels = labels
        self.use = use
    }

    mutating func next() throws -> Structure? {
        guard let count = try readCount() else { return nil }
        guard try lines.advance() else {
            throw error("expected the comment line of a frame of \(count) atoms, found the end of the file")
        }
        let commentLine = lines.number
        let header: FrameHeader
        let columns: Columns
        do {
            let comment = try CommentLine(lines.buffer[lines.line])
            columns = try readColumns(comment["Properties"])
            header = try FrameHeader(comment, labels: labels, use: use)
            if !comment.isFreeText { census.note(keys: comment.entries.map(\.key), columns: []) }
            census.note(keys: [], columns: columns.names)
        } catch let problem as FormatProblem {
            throw error(problem.message)
        }
        let atoms = try readAtoms(count, columns: columns)
        let cell = try header.cell ?? readVectorLines()

        var structure = Structure(elements: atoms.elements, positions: atoms.positions, cell: cell)
        structure.energy = header.energy
        structure.stress = header.stress
        structure.information = header.information
        structure.properties = header.properties
        if use == .labels, columns.hasForces { structure.forces = atoms.forces }
        for (property, values) in zip(columns.properties, atoms.properties) {
            structure.properties[property] = values
        }
        if columns.hasVelocities || columns.hasMomenta { structure.velocities = atoms.velocities }
        if columns.hasMasses, use == .structureOnly { structure.masses = atoms.masses }
        if columns.hasMoveMask { structure.moveMask = atoms.moveMask }
        if columns.hasForceWeights, use == .labels { structure.forceWeights = atoms.forceWeights }
        structure.weight = header.weight
        if columns.hasDeviations, let energy = header.energyDeviation {
            structure.deviation = Structure.Deviation(energy: energy, forces: atoms.deviations)
        }
        if let pair = coincidences.firstPair(in: structure.positions, cell: cell) {
            throw error(pair.message, line: commentLine + 1 + pair.second)
        }
        census.note(structure)
        return structure
    }

    func error(_ message: String, line: Int? = nil) -> StructureFileError {
        StructureFileError(file: path, frame: frame, line: line ?? lines.number, message: message)
    }

    /// The atom count of the next frame; nil at the end of the file. Blank lines before it are passed over.
    private mutating func readCount() throws -> Int? {
        let (earlierFrame, earlierLine) = (frame, countLine)
        var word: Range<Int>?
        while word == nil {
            guard try lines.advance() else {
                guard frame > 0 else {
                    throw StructureFileError(file: path, message: "expected at least one frame, found no frames")
                }
                return nil
            }
            word = nextWord(lines.buffer.span, from: lines.line.lowerBound, to: lines.line.upperBound)
        }
        frame += 1
        countLine = lines.number
        let text = lines.text.trimmingCharacters(in: .whitespaces)
        guard let count = Int(text), count >= 0, count <= Int(Int32.max) else {
            let shown = text.count > 60 ? text.prefix(60) + "…" : text[...]
            let earlier =
                earlierFrame > 0
                ? "; frame \(earlierFrame) at line \(earlierLine) announced "
                    + "\(lines.number - earlierLine - 2) atoms: is its count right?"
                : "; is this an extended XYZ file?"
            throw error("expected an atom count, found \"\(shown)\"\(earlier)")
        }
        guard count > 0 else { throw error("expected at least one atom, found a frame without atoms; remove it") }
        return count
    }

    private mutating func readColumns(_ properties: String?) throws -> Columns {
        guard let properties else { return .plain }
        if let lastProperties, lastProperties.text == properties { return lastProperties.columns }
        let columns = try Columns(
            properties, labels: use == .labels ? labels.ofAtoms : [:],
            forceWeights: use == .labels ? labels.forceWeights : nil)
        lastProperties = (properties, columns)
        return columns
    }

    /// The three lines `VEC1 x y z` … that ADF puts behind the atoms of a periodic structure.
    private mutating func readVectorLines() throws -> Cell? {
        var vectors: [SIMD3<Double>] = []
        while try lines.advance() {
            let words = lines.text.split(whereSeparator: \.isWhitespace)
            guard words.first == "VEC\(vectors.count + 1)" else {
                lines.stepBack()
                break
            }
            let numbers = CommentLine.numbers(in: words.dropFirst().joined(separator: " ")) ?? []
            guard numbers.count == 3 else {
                throw error("expected three numbers after \(words[0]), found \(words.count - 1) words")
            }
            vectors.append(SIMD3(numbers[0], numbers[1], numbers[2]))
        }
        guard !vectors.isEmpty else { return nil }
        guard vectors.count == 3 else {
            throw error("expected VEC1, VEC2 and VEC3, found only \(vectors.count); give all three")
        }
        do {
            return try CheckedCell.cell(
                Matrix3(vectors[0], vectors[1], vectors[2]), periodic: [true, true, true],
                named: "VEC1, VEC2 and VEC3")
        } catch let problem as FormatProblem {
            throw error(problem.message)
        }
    }
}
