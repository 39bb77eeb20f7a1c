import Atoms
import Foundation

/// Reads the one structure of a POSCAR or CONTCAR, and its velocities where there are any.
///
/// After VASP's wiki, pages POSCAR and Scaling; errors name file and line. It holds no labels.
final class POSCARReader: StructureReader {
    let path: String
    let labels: LabelKeys
    private(set) var census = LabelCensus()
    private(set) var remarks: [String] = []
    var lines: LineReader
    private var isRead = false
    private var failure: (any Error)?

    init(_ lines: LineReader, labels: LabelKeys) {
        path = lines.path
        self.labels = labels
        self.lines = lines
    }

    func next() throws -> Structure? {
        if let failure { throw failure }
        guard !isRead else { return nil }
        do {
            let structure = try readStructure()
            try lines.verifyRest()
            census.note(structure)
            census.note(formatWithoutLabels: POSCARFormat().name)
            isRead = true
            return structure
        } catch {
            failure = error
            throw error
        }
    }

    func verifyRest() throws {
        if let failure { throw failure }
        try lines.verifyRest()
    }

    func remark(_ text: String) { remarks.append(text) }

    func error(_ message: String, line: Int? = nil) -> StructureFileError {
        StructureFileError(file: path, line: line ?? lines.number, message: message)
    }

    /// The words of the next line, which must be there.
    func nextWords(_ what: String) throws -> [Substring] {
        guard try lines.advance() else { throw error("expected \(what), found the end of the file") }
        return POSCARLine.words(lines.text)
    }

    /// What stands in the present line, for a message.
    var found: String {
        let text = lines.text.trimmingCharacters(in: .whitespaces)
        return text.isEmpty ? "an empty line" : "\"\(text.prefix(80))\""
    }

    /// Three numbers that are finite, from the next line.
    func nextVector(_ what: String) throws -> SIMD3<Double> {
        try vector(of: nextWords(what), what)
    }

    func vector(of words: [Substring], _ what: String) throws -> SIMD3<Double> {
        let numbers = words.prefix(3).compactMap(POSCARLine.number)
        guard numbers.count == 3 else { throw error("expected \(what) as three numbers, found \(found)") }
        guard numbers.allSatisfy({ abs($0) <= CheckedCell.largestCoordinate }) else {
            throw error("expected \(what) as finite numbers, found \(found)")
        }
        return SIMD3(numbers[0], numbers[1], numbers[2])
    }

    // MARK: The parts, in the order of the file

    private func readStructure() throws -> Structure {
        guard try lines.advance() else { throw error("expected a title, found an empty file") }
        let title = lines.text.trimmingCharacters(in: .whitespaces)
        let (cell, scale) = try readLattice()
        let elements = try readElements(title: title)
        let (isSelective, isCartesian) = try readMode()
        let firstAtom = lines.number + 1
        let (coordinates, flags) = try readPositions(elements, isSelective: isSelective)
        let positions = coordinates.map { isCartesian ? $0 * scale : $0 * cell.vectors }
        for (index, position) in positions.enumerated() {
            // After the scaling.
            guard (0..<3).allSatisfy({ abs(position[$0]) <= CheckedCell.largestCoordinate }) else {
                throw error(
                    "expected coordinates within ±\(CheckedCell.largestCoordinate) Å for atom \(index + 1)",
                    line: firstAtom + index)
            }
        }
        var structure = Structure(elements: elements, positions: positions, cell: cell)
        if isSelective { structure.moveMask = moveMask(flags, in: cell) }
        structure.velocities = try readVelocities(elements.count)
        var coincidences = CoincidenceCheck()
        if let pair = coincidences.firstPair(in: positions, cell: cell) {
            throw error(pair.message, line: firstAtom + pair.second)
        }
        if !title.isEmpty { structure.information["comment"] = title }
        return structure
    }

    /// The cell in Å and the factors of Cartesian coordinates.
    ///
    /// A negative factor is the volume in Å³; three scale the components x, y and z.
    private func readLattice() throws -> (cell: Cell, scale: SIMD3<Double>) {
        let what = "a scale factor (or three)"
        let numbers = POSCARLine.leadingNumbers(try nextWords(what)) ?? []
        let scaleLine = lines.number
        guard [1, 3].contains(numbers.count), numbers.allSatisfy({ $0.isFinite && $0 != 0 }) else {
            throw error("expected \(what) other than zero, found \(found)")
        }
        guard numbers.count == 1 || numbers.allSatisfy({ $0 > 0 }) else {
            throw error(
                "expected three positive scale factors, found \(found); only a single one may be a volume (negative)")
        }
        let given = try (1...3).map { try nextVector("lattice vector \($0)") }
        var scale = numbers.count == 3 ? SIMD3(numbers[0], numbers[1], numbers[2]) : SIMD3(repeating: numbers[0])
        if numbers[0] < 0 {
            let volume = abs(dot(given[0], cross(given[1], given[2])))
            guard volume > 0 else {
                throw error("expected three independent lattice vectors, found a cell volume of zero; correct them")
            }
            scale = SIMD3(repeating: cbrt(-numbers[0] / volume))
        }
        let vectors = Matrix3(given[0] * scale, given[1] * scale, given[2] * scale)
        do {
            let cell = try CheckedCell.cell(vectors, periodic: [true, true, true], named: "the lattice vectors")
            return (cell ?? Cell(vectors), scale)
        } catch let problem as FormatProblem {
            throw error(problem.message, line: scaleLine)
        }
    }

    /// `[atom]`, from the lines of species and counts; of VASP 4 from the title.
    private func readElements(title: String) throws -> [Element] {
        let what = "the species (such as Si O) or the number of atoms of each"
        var words = try nextWords(what)
        var species: [Element]
        if words.first.flatMap({ Int($0) }) == nil {
            guard !words.isEmpty else { throw error("expected \(what), found \(found)") }
            species = try words.map { word in
                guard let element = Self.element(word) else {
                    throw error("expected chemical symbols, found unknown element \"\(word)\"")
                }
                return element
            }
            words = try nextWords("the number of atoms of each species")
        } else {
            // As VASP 4 wrote it: the order of the species is that of the POTCAR.
            let names = title.split(whereSeparator: \.isWhitespace)
            species = names.compactMap { name in Element(String(name)).flatMap { $0.symbol == name ? $0 : nil } }
            guard species.count == names.count, species.count == words.count else {
                throw error(
                    "expected the species before their counts, found \(found) and a title that is no list of "
                        + "\(words.count) elements; add a line with the elements in the order of the POTCAR above this one"
                )
            }
            remark(
                "\(path): has no line of species; the title \"\(title)\" was taken for it: check that these are the "
                    + "elements in the order of the counts")
        }
        let counts = words.compactMap { Int($0) }
        guard counts.count == words.count, !counts.isEmpty, counts.allSatisfy({ (0...Int(Int32.max)).contains($0) })
        else { throw error("expected the number of atoms of each species, found \(found)") }
        guard counts.count == species.count else {
            throw error("expected a number of atoms for each of \(species.count) species, found \(found)")
        }
        let count = counts.reduce(0, +)
        guard (1...Int(Int32.max)).contains(count) else { throw error("expected at least one atom, found \(found)") }
        // Room is made within reason only: the counts may lie.
        var elements: [Element] = []
        guard count <= 1 << 26 else {
            throw error("expected at most \(1 << 26) atoms, found \(count); are the counts right?")
        }
        for (element, count) in zip(species, counts) { elements += repeatElement(element, count: count) }
        return elements
    }

    /// `Si`, `Si_pv`, `Fe/abc` and `Fe_pv/abc` (VASP 6 adds a part of the POTCAR's SHA-256).
    private static func element(_ word: Substring) -> Element? {
        Element(String(word.prefix { $0 != "_" && $0 != "/" }))
    }

    private func readMode() throws -> (isSelective: Bool, isCartesian: Bool) {
        let what = "Direct or Cartesian (or Selective dynamics)"
        var words = try nextWords(what)
        let isSelective = words.first?.first.map { "sS".contains($0) } ?? false
        if isSelective { words = try nextWords("Direct or Cartesian") }
        guard let first = words.first?.first, first.isLetter else {
            throw error("expected \(isSelective ? "Direct or Cartesian" : what), found \(found)")
        }
        guard !words.contains(where: { $0.lowercased().hasPrefix("configuration") }) else {
            throw error(
                "expected \(what), found \(found): so do the configurations of an XDATCAR begin, of which this has not the head"
            )
        }
        if "cCkK".contains(first) { return (isSelective, true) }
        if !"dD".contains(first) {
            remark("\(path): line \(lines.number): \(found) was taken for Direct, as VASP does")
        }
        return (isSelective, false)
    }

    private func moveMask(_ flags: [(Bool, Bool, Bool)], in cell: Cell) -> [SIMD3<Int8>]? {
        let fixed = flags.count { !($0.0 && $0.1 && $0.2) }
        let (mask, isWhole) = SelectiveDynamics.moveMask(flags, in: cell.vectors)
        if fixed > 0 {
            remark(
                "\(path): selective dynamics: \(fixed) of \(flags.count) atoms have fixed coordinates, which become "
                    + "their move_mask"
                    + (isWhole ? "" : ", but for those that are fixed along some lattice vectors that are no axes"))
        }
        return mask
    }

    private func readPositions(
        _ elements: [Element], isSelective: Bool
    ) throws -> (coordinates: [SIMD3<Double>], flags: [(Bool, Bool, Bool)]) {
        var positions: [SIMD3<Double>] = []
        var allFlags: [(Bool, Bool, Bool)] = []
        positions.reserveCapacity(min(elements.count, 1 << 16))
        var hasContradiction = false
        for (index, element) in elements.enumerated() {
            guard try lines.advance() else {
                throw error("expected \(elements.count) atoms, found the end of the file after \(index)")
            }
            let words = POSCARLine.words(lines.text)
            positions.append(try vector(of: words, "the coordinates of atom \(index + 1) of \(elements.count)"))
            var rest = words.dropFirst(3)
            if isSelective {
                let flags = rest.prefix(3).compactMap(POSCARLine.logical)
                guard flags.count == 3 else {
                    throw error(
                        "expected three flags T or F for atom \(index + 1) (Selective dynamics), found \(flags.count) in \(found)"
                    )
                }
                allFlags.append((flags[0], flags[1], flags[2]))
                rest = rest.dropFirst(3)
            }
            // Many programs write the element behind the coordinates, where VASP does not look.
            if let word = rest.first, !hasContradiction, let written = Element(String(word)), written.symbol == word,
                written != element
            {
                hasContradiction = true
                remark(
                    "\(path): line \(lines.number): atom \(index + 1) is \(element) by the line of species, but \(word) "
                        + "stands behind its coordinates; the line of species counts")
            }
        }
        return (positions, allFlags)
    }
}
