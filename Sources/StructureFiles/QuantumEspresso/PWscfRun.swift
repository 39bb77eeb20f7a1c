import Atoms

/// What an output of pw.x has said of its structure so far.
struct PWscfRun {
    var atoms: Int?
    /// The lattice parameter, Å.
    var alat: Double?
    private var axes: [SIMD3<Double>] = []
    /// Å
    var lattice: Matrix3?
    var elements: [Element]?
    /// Å, of the step that comes next.
    var positions: [SIMD3<Double>]?
    /// Of `if_pos`; where all atoms are free, nil.
    var moveMask: [SIMD3<Int8>]?
    /// By label: the element of its pseudopotential, and valence electrons.
    var species: [String: (element: Element?, valence: Double)] = [:]
    private var labels: [String] = []
    var electrons: Double?
    /// Steps begun.
    var steps = 0

    /// `a(1) = (   1.000000   0.000000   0.000000 )`, in units of alat.
    mutating func note(axis lines: LineReader, _ rest: Range<Int>) throws {
        guard let alat, let sign = lines.rest(behind: "=", in: rest), let inner = lines.rest(behind: "(", in: sign)
        else { return }
        guard let vector = lines.triple(in: inner) else {
            throw FormatProblem("expected a lattice vector, found \"\(lines.text)\"")
        }
        if axes.count == 3 { axes = [] }
        axes.append(vector * alat)
        if axes.count == 3 { lattice = Matrix3(axes[0], axes[1], axes[2]) }
    }

    /// By the pseudopotential where there is one: labels are people's.
    mutating func element(labelled label: Substring) throws -> Element {
        guard let element = species[String(label)]?.element ?? Element(label: label) else {
            throw FormatProblem("expected the symbol of an element, found \"\(label)\"")
        }
        if labels.count < (atoms ?? 0) { labels.append(String(label)) }
        return element
    }

    /// `CELL_PARAMETERS (alat=  8.68089159)`, `(bohr)`, `(angstrom)`, and three lines.
    mutating func readCell(_ lines: inout LineReader) throws {
        let title = lines.text.lowercased()
        if title.contains("alat="), let given = lines.number(behind: "="), given > 0 { alat = given * Units.bohr }
        guard let unit = unit(of: title, fractions: false) else {
            throw FormatProblem("expected CELL_PARAMETERS in alat, bohr or angstrom, found \"\(lines.text)\"")
        }
        var rows: [SIMD3<Double>] = []
        while rows.count < 3 {
            guard try lines.advance() else { return lattice = nil }
            guard let row = lines.triple() else {
                throw FormatProblem("expected lattice vector \(rows.count + 1), found \"\(lines.text)\"")
            }
            rows.append(row * unit)
        }
        lattice = Matrix3(rows[0], rows[1], rows[2])
    }

    /// `ATOMIC_POSITIONS (crystal)` and a line `Si 0.25 0.25 0.25` for each atom, perhaps with flags behind it.
    mutating func readPositions(_ lines: inout LineReader) throws {
        guard let atoms, elements?.count == atoms else { return }
        let title = lines.text.lowercased()
        let isFractional = title.contains("crystal")
        guard let unit = isFractional ? 1 : unit(of: title, fractions: true) else {
            throw FormatProblem(
                "expected ATOMIC_POSITIONS in alat, bohr, angstrom or crystal, found \"\(lines.text)\"")
        }
        var (read, kinds) = ([SIMD3<Double>](), [Element]())
        positions = nil
        var masks: [SIMD3<Int8>] = []
        while read.count < atoms {
            guard try lines.advance() else { return }
            let line = lines.line
            let start = lines.buffer[line].firstIndex { $0 != 0x20 } ?? line.upperBound
            let end = lines.buffer[start..<line.upperBound].firstIndex { $0 == 0x20 } ?? line.upperBound
            guard start < end, let row = lines.numbers(in: end..<line.upperBound), row.count == 3 || row.count == 6
            else {
                throw FormatProblem("expected the position of atom \(read.count + 1), found \"\(lines.text)\"")
            }
            let place = SIMD3(row[0], row[1], row[2])
            masks.append(
                row.count == 6 ? SIMD3(Int8(row[3] != 0 ? 1 : 0), row[4] != 0 ? 1 : 0, row[5] != 0 ? 1 : 0) : .one)
            kinds.append(try element(labelled: Substring(lines.text(start..<end))))
            read.append(isFractional ? place * (lattice ?? .identity) : place * unit)
        }
        guard kinds == elements else {
            throw FormatProblem("expected the elements of the first step, found others in ATOMIC_POSITIONS")
        }
        positions = read
        moveMask = masks.contains { $0 != .one } ? masks : nil
    }

    private func unit(of title: String, fractions: Bool) -> Double? {
        if title.contains("bohr") { return Units.bohr }
        if title.contains("angstrom") { return 1 }
        if title.contains("alat") { return alat }
        // Without a word it is alat, as in old versions.
        return title.split(separator: " ").count == 1 ? alat : nil
    }

    /// Of the cell, e; nil where it is neutral, or not said.
    var charge: String? {
        guard let electrons, labels.count == atoms else { return nil }
        var sum = 0.0
        for label in labels {
            guard let valence = species[label]?.valence else { return nil }
            sum += valence
        }
        return RunStep.charge(of: sum - electrons, printed: 0.005)
    }
}
