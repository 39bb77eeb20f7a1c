import Atoms
import Foundation

/// Reads the models of a PDB file, one after another, by the columns of the format (version 3.3).
struct PDBSource: DraftSource {
    private var lines: LineReader
    private var vectors: Matrix3?
    private(set) var remarks: [String] = []
    private var isToldOfOccupancy = false

    init(_ lines: LineReader) { self.lines = lines }

    var path: String { lines.path }
    var line: Int? { lines.number }
    mutating func verifyRest() throws { try lines.verifyRest() }

    mutating func next() throws -> StructureDraft? {
        var draft = StructureDraft()
        draft.cellWord = "CRYST1"
        while try lines.advance() {
            let record = PDBRecord(lines.buffer[lines.line])
            switch record.kind {
            case .atom: try read(record, into: &draft)
            case .cell: try readCell(record)
            case .title: if let title = record.title { draft.information["comment"] = title }
            case .modelEnd:
                if !draft.elements.isEmpty {
                    draft.vectors = vectors
                    return draft
                }
            case nil: break
            }
        }
        guard !draft.elements.isEmpty else { return nil }
        draft.vectors = vectors
        return draft
    }

    private mutating func read(_ record: PDBRecord, into draft: inout StructureDraft) throws {
        let atom = draft.elements.count + 1
        guard let position = record.position else {
            throw FormatProblem(
                "expected coordinates of atom \(atom) in columns 31 to 54, found \"\(record.field(31...54).prefix(40))\""
            )
        }
        if record.hasText(in: 55...60) {
            guard let value = record.number(55...60) else {
                throw FormatProblem("expected an occupancy in columns 55 to 60, found \"\(record.field(55...60))\"")
            }
            guard value == 0 || value >= 0.999 else {
                throw FormatProblem(
                    "expected atoms that are there, found atom \(atom) with an occupancy of \(value): that is an average over alternatives; keep one of them, with occupancy 1"
                )
            }
            if value == 0, !isToldOfOccupancy {
                isToldOfOccupancy = true
                remarks.append(
                    "\(path): atoms with an occupancy of zero (line \(lines.number)) are taken for atoms all the same"
                )
            }
        }
        if draft.firstAtomLine == nil { draft.firstAtomLine = lines.number }
        draft.elements.append(try element(of: record, atom))
        draft.positions.append(position)
    }

    /// Columns 77 and 78, or the name where it leaves no choice: an element stands right-justified in columns 13 and
    /// 14, which many programs do not keep to.
    private func element(of record: PDBRecord, _ atom: Int) throws -> Element {
        if let element = record.element { return element }
        let symbol = record.field(77...78)
        if !symbol.isEmpty {
            if let element = Element(symbol) { return element }
            if ["D", "T"].contains(symbol.uppercased()) { return Element("H")! }
            throw FormatProblem("expected the element of atom \(atom) in columns 77 and 78, found \"\(symbol)\"")
        }
        let name = record.field(13...16)
        let letters = name.drop { $0.isNumber }.prefix { $0.isASCII && $0.isLetter }
        let one = Element(String(letters.prefix(1)))
        let two = letters.count >= 2 ? Element(String(letters.prefix(2))) : nil
        // A blank or a digit first: one letter.
        if let one, record.character(13).map({ $0 == " " || $0.isNumber }) == true { return one }
        if let one, two == nil { return one }
        if let two, one == nil { return two }
        throw FormatProblem(
            "expected the element of atom \(atom) in columns 77 and 78, found none, and its name \"\(name)\" leaves more than one choice; write the elements"
        )
    }

    private mutating func readCell(_ record: PDBRecord) throws {
        let numbers = [7...15, 16...24, 25...33, 34...40, 41...47, 48...54].map { Double(record.field($0)) }
        guard let values = numbers as? [Double] else {
            throw FormatProblem("expected three lengths and three angles in CRYST1, found \"\(lines.excerpt)\"")
        }
        let lengths = SIMD3(values[0], values[1], values[2])
        // What stands there where there is no cell.
        guard lengths != SIMD3(1, 1, 1), lengths != .zero else {
            vectors = nil
            return
        }
        let group = record.field(56...66)
        guard group.isEmpty || group.filter({ $0 != " " }).uppercased() == "P1" else {
            throw FormatProblem(
                "expected all atoms of the cell (space group P 1), found the asymmetric unit of \(group); expand it first, or write P 1"
            )
        }
        vectors = try CellParameters.vectors(lengths: lengths, angles: SIMD3(values[3], values[4], values[5]))
    }
}
