import Atoms

/// Reads the structures of an `input.data`. The file does not say its units, so people do.
struct RuNNerSource: DraftSource {
    private var lines: LineReader
    private let units: FileUnits?

    init(_ lines: LineReader, units: FileUnits?) {
        self.lines = lines
        self.units = units
    }

    var path: String { lines.path }
    var line: Int? { lines.number }
    mutating func verifyRest() throws { try lines.verifyRest() }

    mutating func next() throws -> StructureDraft? {
        guard let units else {
            throw FormatProblem(
                "expected to be told the units of this file, which does not say them: give --file-units (or data.file_units of a training) \(FileUnits.names)"
            )
        }
        guard try begin() else { return nil }
        var draft = StructureDraft()
        var (vectors, forces, charges) = ([SIMD3<Double>](), [SIMD3<Double>](), [Double]())
        while try lines.advance() {
            var at = lines.line.lowerBound
            guard let word = lines.nextWordRange(&at) else { continue }
            if lines.begins(with: "atom ") {
                guard let position = lines.nextVector(&at), let symbol = lines.nextWordRange(&at),
                    let charge = lines.nextNumber(&at), lines.nextNumber(&at) != nil,
                    let force = lines.nextVector(&at), lines.nextWordRange(&at) == nil
                else {
                    throw FormatProblem(
                        "expected atom x y z element charge number fx fy fz, found \"\(lines.excerpt)\"")
                }
                guard let element = ElementWord.element(lines.buffer.span, symbol) else {
                    throw FormatProblem(
                        "expected the symbol of an element, found \"\(lines.text(symbol).prefix(40))\"")
                }
                if draft.firstAtomLine == nil { draft.firstAtomLine = lines.number }
                draft.elements.append(element)
                draft.positions.append(position * units.length)
                forces.append(force * units.force)
                charges.append(charge)
                continue
            }
            switch lines.text(word) {
            case "end":
                draft.forces = forces
                // Zero where nobody has computed any.
                if charges.contains(where: { $0 != 0 }) { draft.properties[.charges] = charges }
                guard vectors.count == 3 || vectors.isEmpty else {
                    throw FormatProblem("expected three lines of lattice or none, found \(vectors.count)")
                }
                if vectors.count == 3 { draft.vectors = Matrix3(vectors[0], vectors[1], vectors[2]) * units.length }
                return draft
            case "lattice":
                guard let vector = lines.nextVector(&at) else {
                    throw FormatProblem("expected three numbers of lattice, found \"\(lines.excerpt)\"")
                }
                vectors.append(vector)
            case "energy":
                guard let energy = lines.nextNumber(&at) else {
                    throw FormatProblem("expected an energy, found \"\(lines.excerpt)\"")
                }
                draft.energy = energy * units.energy
            case "charge":
                guard let charge = lines.nextNumber(&at) else {
                    throw FormatProblem("expected a charge, found \"\(lines.excerpt)\"")
                }
                if charge != 0 { draft.information[Structure.chargeKeys[0]] = "\(charge)" }
            case "comment": draft.information["comment"] = lines.text(at..<lines.line.upperBound).trimmedOfBlanks
            default:
                throw FormatProblem(
                    "expected atom, lattice, energy, charge, comment or end, found \"\(lines.excerpt)\"")
            }
        }
        throw FormatProblem("expected end after a structure, found the end of the file: it was cut off")
    }

    /// Moves behind the next `begin`.
    private mutating func begin() throws -> Bool {
        while try lines.advance() {
            guard let word = lines.words().first, !word.hasPrefix("#") else { continue }
            guard word == "begin" else { throw FormatProblem("expected begin, found \"\(lines.excerpt)\"") }
            return true
        }
        return false
    }
}

extension String {
    /// Without blanks at its ends.
    var trimmedOfBlanks: String {
        var text = Substring(self)
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
