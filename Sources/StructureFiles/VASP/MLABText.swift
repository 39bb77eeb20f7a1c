import Atoms

/// The configurations of an ML_AB: what VASP computed from first principles while it learned a force field.
///
/// Energy in eV (TOTEN), forces in eV/Å, stress in kbar, positive under pressure as in the OUTCAR, with the sign
/// turned.
struct MLABText: RunText {
    static let step = "configuration"
    // Numbers are the last that stands in it.
    static let takesUnfinishedLine = true

    private var step: RunStep?
    private var atoms: Int?
    private var read = 0
    private var zeroStresses = 0

    private enum Word: Sendable { case configuration, atoms, types, lattice, positions, energy, forces, stress }

    private static let starts = LineStarts<Word>([
        "Configuration num.": .configuration, "The number of atoms": .atoms, "Atom types and atom numbers": .types,
        "Primitive lattice vectors (ang.)": .lattice, "Atomic positions (ang.)": .positions,
        "Total energy (eV)": .energy, "Forces (eV ang.^-1)": .forces, "Stress (kbar)": .stress,
    ])

    mutating func take(_ lines: inout LineReader, into steps: inout RunSteps) throws {
        if steps.runs == 0 {
            steps.beginRun()
            steps.method.code = "VASP"
        }
        guard let (word, rest) = Self.starts.find(in: lines) else { return }
        if word == .configuration {
            try finish(into: &steps, isCut: false)
            read += 1
            step = RunStep(
                place: lines.numbers(in: rest, first: 1)?.first.flatMap { Int(exactly: $0) }.map { "\($0)" }
                    ?? "\(read)")
            step?.needsForces = true
            atoms = nil
            return
        }
        guard step != nil else { return }
        switch word {
        case .configuration: break
        case .atoms: atoms = try row(&lines)?.first.flatMap { Int(exactly: $0) }
        case .types: try readTypes(&lines)
        case .lattice:
            if let rows = try rows(&lines, 3, "the lattice") { step?.lattice = Matrix3(rows[0], rows[1], rows[2]) }
        case .positions: step!.positions = try rows(&lines, atoms, "the positions")
        case .energy:
            step!.energy = try row(&lines)?.first
            if step!.energy == nil { step!.flaw = "its energy is no number (line \(lines.number))" }
        case .forces: step!.forces = try rows(&lines, atoms, "the forces")
        case .stress: try readStress(&lines)
        }
    }

    mutating func end(into steps: inout RunSteps) throws {
        try finish(into: &steps, isCut: true)
        if zeroStresses > 0 {
            steps.note(
                "the stress of \(zeroStresses) of \(read) configurations is six zeros, which no calculation gives: do not learn from it (stress: null)"
            )
        }
    }

    /// The next line that is not a row of signs.
    private func advance(_ lines: inout LineReader) throws -> Bool {
        while try lines.advance() {
            let first = lines.buffer[lines.line].first { $0 != 0x20 }
            let isRule = first.map { [UInt8(ascii: "="), UInt8(ascii: "*")].contains($0) } ?? true
            if !isRule, !lines.contains("-----") { return true }
        }
        return false
    }

    private func row(_ lines: inout LineReader) throws -> [Double]? { try advance(&lines) ? lines.numbers() : nil }

    private mutating func rows(_ lines: inout LineReader, _ count: Int?, _ what: String) throws -> [SIMD3<Double>]? {
        guard let count, (1...10_000_000).contains(count) else { return nil }
        var rows: [SIMD3<Double>] = []
        while rows.count < count {
            guard try advance(&lines) else {
                step?.isCut = true
                return nil
            }
            guard let row = lines.triple() else {
                step?.flaw = "\(what) are no numbers (line \(lines.number))"
                return nil
            }
            rows.append(row)
        }
        return rows
    }

    /// `Ba     8` for each type, until all atoms have one.
    private mutating func readTypes(_ lines: inout LineReader) throws {
        guard let atoms, (1...10_000_000).contains(atoms) else { return }
        var elements: [Element] = []
        while elements.count < atoms {
            guard try advance(&lines) else { return step!.isCut = true }
            let words = lines.words()
            guard words.count >= 2, let element = Element(label: words[0]), let count = Int(words[1]),
                (1...atoms - elements.count).contains(count)
            else { throw FormatProblem("expected a type and its number of atoms, found \"\(lines.text)\"") }
            elements += Array(repeating: element, count: count)
        }
        step?.elements = elements
    }

    /// `XX YY ZZ`, three numbers, `XY YZ ZX`, three numbers.
    private mutating func readStress(_ lines: inout LineReader) throws {
        var parts: [SIMD3<Double>] = []
        for title in ["XX", "XY"] {
            guard try advance(&lines), lines.contains(title), try advance(&lines) else { return step!.isCut = true }
            guard let part = lines.triple() else {
                step!.flaw = "its stress is no numbers (line \(lines.number))"
                return
            }
            parts.append(part)
        }
        let (d, o) = (parts[0], parts[1])
        if d == .zero, o == .zero { zeroStresses += 1 }
        step?.stress =
            Matrix3(SIMD3(d.x, o.x, o.z), SIMD3(o.x, d.y, o.y), SIMD3(o.z, o.y, d.z))
            * (-1 / (10 * Units.gigapascal))
    }

    private mutating func finish(into steps: inout RunSteps, isCut: Bool) throws {
        guard var whole = step else { return }
        step = nil
        if isCut, whole.energy == nil || whole.forces == nil { whole.isCut = true }
        whole.information["configuration"] = whole.place
        try steps.finish(whole)
    }
}
