import Atoms

/// The steps of outputs of FHI-aims: single points, relaxations with and without cell, dynamics.
///
/// - Energy: the electronic free energy of `Energy and forces in a compact form`, which the forces are derivatives of;
///   neither the "corrected" one nor what spin-orbit coupling makes of it afterwards.
/// - Stress: the symmetrised table, the last of its step; positive in tension as here. The tables of its contributions
///   are passed over.
/// - Positions stand before the step, but in dynamics behind it (`as used in the preceding time step`), with
///   velocities.
struct AimsText: RunText {
    private var atoms: Int?
    private var elements: [Element]?
    /// Å, of the step that comes next; nil in dynamics, where they are told afterwards.
    private var positions: [SIMD3<Double>]?
    private var lattice: Matrix3?
    private var charge: String?
    private var step: RunStep?
    private var begun = 0
    private var hasEnded = false
    private var isInHeader = true

    private enum Word: Sendable {
        case program, version, functional, grid, hirshfeld, manyBody, spin, charge, atoms, input, updated, used, begin
        case converged, notConverged, compact, stress, end
    }

    static let beginnings: LineBeginnings? = starts.beginnings
    private static let starts = LineStarts<Word>([
        "Invoking FHI-aims": .program, "Version ": .version, "FHI-aims version": .version, "xc ": .functional,
        "k_grid ": .grid, "vdw_correction_hirshfeld": .hirshfeld, "many_body_dispersion": .manyBody,
        "spin ": .spin, "charge ": .charge, "| Number of atoms": .atoms, "Input geometry:": .input,
        "Updated atomic structure:": .updated, "Atomic structure (and velocities) as used": .used,
        "Begin self-consistency loop": .begin, "Self-consistency cycle converged": .converged,
        "Self-consistency cycle not converged": .notConverged, "Energy and forces in a compact": .compact,
        "|              Analytical stress tensor - Symmetrized": .stress,
        "|               Numerical stress tensor": .stress, "|                    Numerical stress tensor": .stress,
        "Have a nice day": .end,
    ])

    mutating func take(_ lines: inout LineReader, into steps: inout RunSteps) throws {
        guard let (word, rest) = Self.starts.find(in: lines) else { return }
        switch word {
        case .program:
            try finish(into: &steps, isCut: !hasEnded)
            self = AimsText()
            steps.beginRun()
        case .version:
            if steps.method.code == nil {
                let version = lines.words(in: rest).first { $0.contains { $0.isNumber } }
                steps.method.code = "FHI-aims" + (version.map { " \($0)" } ?? "")
            }
        case .functional where isInHeader:
            if steps.method.functional == nil {
                steps.method.functional = lines.words(in: rest).prefix(1).joined()
            }
        case .grid where isInHeader:
            let grid = lines.words(in: rest).prefix(3)
            if grid.count == 3 { steps.method.kpoints = grid.joined(separator: "x") }
        case .hirshfeld where isInHeader: steps.method.dispersion = "TS"
        case .manyBody where isInHeader: steps.method.dispersion = "MBD"
        case .spin where isInHeader: steps.method.spins = lines.words(in: rest).first == "collinear" ? 2 : 1
        case .charge where isInHeader:
            charge = lines.numbers(in: rest, first: 1)?.first.flatMap { RunStep.charge(of: $0) }
        case .functional, .grid, .hirshfeld, .manyBody, .spin, .charge: break
        case .atoms:
            guard let number = lines.number(behind: ":"), let count = Int(exactly: number),
                (1...10_000_000).contains(count)
            else { throw FormatProblem("expected the number of atoms, found \"\(lines.text)\"") }
            atoms = count
        case .input: try readInput(&lines)
        case .updated:
            try finish(into: &steps)
            try readUpdated(&lines)
        case .used:
            try readUsed(&lines)
            try finish(into: &steps)
        case .begin:
            try finish(into: &steps)
            isInHeader = false
            begun += 1
            step = RunStep(place: steps.place("\(begun)"))
            step?.elements = elements
            step?.positions = positions
            step?.lattice = lattice
            step?.isConverged = false
        case .converged: step?.isConverged = true
        case .notConverged: step?.isConverged = false
        case .compact: try readCompact(&lines)
        case .stress: try readStress(&lines)
        case .end: hasEnded = true
        }
    }

    mutating func end(into steps: inout RunSteps) throws { try finish(into: &steps, isCut: !hasEnded) }

    // MARK: Structures

    /// `| Unit cell:` with three lines, and `| Atomic structure:` with a line `|  1: Species Si  0.0  0.0  0.0` for
    /// each atom.
    private mutating func readInput(_ lines: inout LineReader) throws {
        var (kinds, places, vectors) = ([Element](), [SIMD3<Double>](), [SIMD3<Double>]())
        lattice = nil
        while places.count < (atoms ?? 0), try lines.advance() {
            guard let bar = lines.rest(behind: "|") else {
                if places.isEmpty, !lines.isBlank { continue }
                break
            }
            let words = lines.words(in: bar)
            if words.count >= 6, words[1] == "Species" {
                guard let element = Element(label: words[2]), let place = Self.place(words[3...5]) else {
                    throw FormatProblem("expected atom \(places.count + 1), found \"\(lines.text)\"")
                }
                kinds.append(element)
                places.append(place)
            } else if vectors.count < 3, kinds.isEmpty, words.count == 3, let vector = Self.place(words[...]) {
                vectors.append(vector)
            }
        }
        guard let atoms, places.count == atoms else { return }
        elements = kinds
        positions = places
        if vectors.count == 3 { lattice = Matrix3(vectors[0], vectors[1], vectors[2]) }
    }

    /// Three `lattice_vector x y z` or none, then `atom x y z Si` for each.
    private mutating func readUpdated(_ lines: inout LineReader) throws {
        var vectors: [SIMD3<Double>] = []
        positions = nil
        let places = try readAtoms(&lines) { words in
            if words.first == "lattice_vector", let vector = Self.place(words.dropFirst().prefix(3)) {
                vectors.append(vector)
            }
            return nil
        }
        if vectors.count == 3 { lattice = Matrix3(vectors[0], vectors[1], vectors[2]) }
        positions = places
    }

    /// The same with a line `velocity x y z` in Å/ps behind each atom.
    private mutating func readUsed(_ lines: inout LineReader) throws {
        var velocities: [SIMD3<Double>] = []
        let places = try readAtoms(&lines) { words in
            if words.first == "velocity", let velocity = Self.place(words.dropFirst().prefix(3)) {
                velocities.append(velocity / 1000)
            }
            return velocities.count
        }
        step?.positions = places
        step?.velocities = velocities.count == places?.count ? velocities : nil
        // Those of the next step are told behind it.
        positions = nil
    }

    /// Lines `atom x y z Si` until all atoms are there; other lines go to `other`, which may count what must be there
    /// as well. Nil where the table is not whole.
    private func readAtoms(
        _ lines: inout LineReader, other: ([Substring]) -> Int?
    ) throws -> [SIMD3<Double>]? {
        guard let elements else { return nil }
        var places: [SIMD3<Double>] = []
        var others: Int?
        var skipped = 0
        while places.count < elements.count || (others ?? elements.count) < elements.count {
            guard try lines.advance() else { return nil }
            let words = lines.words()
            if words.first == "atom", words.count >= 5 {
                guard places.count < elements.count, let place = Self.place(words[1...3]),
                    Element(label: words[4]) == elements[places.count]
                else {
                    throw FormatProblem(
                        "expected atom \(places.count + 1) (\(elements[min(places.count, elements.count - 1)])), "
                            + "found \"\(lines.text)\"")
                }
                places.append(place)
            } else if let count = other(words) {
                others = count
            }
            // Titles, lattice vectors, constraints and blank lines; more of them together is another text.
            skipped = words.first == "atom" || words.first == "velocity" ? 0 : skipped + 1
            guard skipped < 20 else {
                lines.stepBack()
                return nil
            }
        }
        return places
    }

    private static func place(_ words: ArraySlice<Substring>) -> SIMD3<Double>? {
        let numbers = words.compactMap { word in
            let bytes = Array(word.utf8)
            return parseDouble(bytes.span, 0..<bytes.count)
        }
        return numbers.count == 3 ? SIMD3(numbers[0], numbers[1], numbers[2]) : nil
    }

    // MARK: Labels

    private mutating func readCompact(_ lines: inout LineReader) throws {
        guard step != nil else { return }
        while try lines.advance() {
            if lines.contains("| Electronic free energy") {
                let value = lines.contains("eV") ? lines.number(behind: ":") : nil
                if value == nil { step!.flaw = "its energy is no number (line \(lines.number))" }
                step!.energy = value
            } else if lines.contains("Total atomic forces") {
                return try readForces(&lines)
            } else if !lines.contains("|") {
                return lines.stepBack()
            }
        }
        step!.isCut = true
    }

    /// `|   1   0.000000000000000E+00   …`, eV/Å.
    private mutating func readForces(_ lines: inout LineReader) throws {
        guard let count = atoms else { return }
        var forces: [SIMD3<Double>] = []
        forces.reserveCapacity(min(count, 1 << 16))
        while forces.count < count {
            guard try lines.advance() else { return step!.isCut = true }
            guard let bar = lines.rest(behind: "|"), let row = lines.numbers(in: bar, first: 4), row.count == 4 else {
                step!.flaw = "the force on atom \(forces.count + 1) is no number (line \(lines.number))"
                return
            }
            forces.append(SIMD3(row[1], row[2], row[3]))
        }
        step!.forces = forces
    }

    /// `|  x   -0.00570623   0.00000000   0.00000000   |` and the same for y and z, eV/Å³.
    private mutating func readStress(_ lines: inout LineReader) throws {
        guard step != nil else { return }
        var rows: [SIMD3<Double>] = []
        var read = 0
        while rows.count < 3, read < 12 {
            guard try lines.advance() else { return step!.isCut = true }
            read += 1
            let words = lines.words()
            guard words.count >= 5, words[0] == "|", words[1] == ["x", "y", "z"][rows.count],
                words[2] != "y"
            else { continue }
            guard let row = Self.place(words[2...4]) else {
                step!.flaw = "its stress is no numbers (line \(lines.number))"
                return
            }
            rows.append(row)
        }
        if rows.count == 3 { step!.stress = Matrix3(rows[0], rows[1], rows[2]) }
    }

    private mutating func finish(into steps: inout RunSteps, isCut: Bool = false) throws {
        guard var whole = step else { return }
        step = nil
        if isCut, whole.positions == nil || whole.energy == nil { whole.isCut = true }
        if let charge { whole.information[Structure.chargeKeys[0]] = charge }
        try steps.finish(whole)
    }
}
