import Atoms

/// The steps of `.castep` files: single points, relaxations with and without cell, dynamics.
///
/// - Energy: the final free energy E − TS where it is printed, else the final energy, with the dispersion correction
///   where there is one: what the forces are derivatives of. Finite-basis corrections are left aside.
/// - Stress: GPa, positive in tension as here. At the end of dynamics CASTEP prints the last one again with the sign
///   turned; the first table of a step counts.
/// - Energies of the same structure behind each other, without forces and stress, are a series of cut-offs for the
///   finite-basis correction: all but the last are left out.
/// - Fractional coordinates may stand once while the cell moves on. Forces that are zero by symmetry are not printed,
///   and absent here. What the final configuration repeats belongs to the last step.
struct CastepText: RunText {
    /// Of the pieces of energies, by how much they include.
    private enum Energy: Int, Comparable {
        case plain, free, corrected, correctedFree
        static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    }

    private var elements: [Element]?
    /// As the file calls the atoms.
    private var labels: [String] = []
    private var fractions: [SIMD3<Double>]?
    private var lattice: Matrix3?
    private var charge: String?
    private var step: RunStep?
    private var energy: Energy?
    private var forcesAreConstrained = false
    private var begun = 0
    private var hasEnded = false

    private enum Word: Sendable {
        case welcome, lattice, atoms, scf, energy, free, corrected, correctedFree, table, failed, cutoff, functional
        case grid, charge, dispersion, spins, end
    }

    static let beginnings: LineBeginnings? = starts.beginnings
    private static let starts = LineStarts<Word>([
        "| Welcome to": .welcome, "Real Lattice(A)": .lattice, "x  Element": .atoms, "SCF loop": .scf,
        "Final energy": .energy, "Final free energy": .free,
        "Dispersion corrected final energy": .corrected, "Dispersion corrected final free energy": .correctedFree,
        "******": .table, "*Warning* max. SCF cycles": .failed, "plane wave basis set cut-off": .cutoff,
        "using functional": .functional, "MP grid size for SCF": .grid, "net charge of system": .charge,
        "SEDC with": .dispersion, "DFT+D: Semi-empirical": .dispersion, "treating system as": .spins,
        "Total time ": .end,
    ])

    mutating func take(_ lines: inout LineReader, into steps: inout RunSteps) throws {
        guard let (word, rest) = Self.starts.find(in: lines) else { return }
        switch word {
        case .welcome:
            guard lines.contains("CASTEP version ") else { return }
            try finish(into: &steps, isCut: !hasEnded)
            self = CastepText()
            steps.beginRun()
            let words = lines.words(in: rest)
            let version = words.firstIndex(of: "version").flatMap {
                words.indices.contains($0 + 1) ? words[$0 + 1] : nil
            }
            steps.method.code = "CASTEP \(version ?? "")"
        case .lattice:
            try finish(into: &steps)
            try readLattice(&lines)
        case .atoms: if lines.contains("Fractional coordinates") { try readAtoms(&lines, into: &steps) }
        case .scf:
            // Of the same structure.
            if step != nil, lines.contains("Timer") { try finish(into: &steps, isSuperseded: true) }
            if lines.contains("Timer") { begin(steps) }
        case .energy: note(.plain, lines)
        case .free: note(.free, lines)
        case .corrected: note(.corrected, lines)
        case .correctedFree: note(.correctedFree, lines)
        case .failed: step?.isConverged = false
        case .table:
            if lines.contains("Forces *") { try readForces(&lines) }
            if lines.contains("Stress Tensor *") { try readStress(&lines) }
        case .cutoff: steps.method.cutoff = lines.number(behind: ":")
        case .functional:
            steps.method.functional = lines.rest(behind: ":").map { lines.words(in: $0).joined(separator: " ") }
        case .grid:
            let grid = lines.words(in: rest).filter { Int($0) != nil }
            if grid.count == 3 { steps.method.kpoints = grid.joined(separator: "x") }
        case .charge: charge = lines.number(behind: ":").flatMap { RunStep.charge(of: $0) }
        case .dispersion:
            let word = lines.rest(behind: ":", in: rest).flatMap { lines.words(in: $0).first } ?? ""
            if word != "off" { steps.method.dispersion = word == "on" ? "DFT+D" : String(word) }
        case .spins: steps.method.spins = lines.contains("non-spin-polarized") ? 1 : 2
        case .end: hasEnded = true
        }
    }

    mutating func end(into steps: inout RunSteps) throws { try finish(into: &steps, isCut: !hasEnded) }

    // MARK: Structures

    private mutating func readLattice(_ lines: inout LineReader) throws {
        var rows: [SIMD3<Double>] = []
        lattice = nil
        while rows.count < 3 {
            guard try lines.advance() else { return }
            guard let row = lines.triple() else {
                throw FormatProblem("expected lattice vector \(rows.count + 1), found \"\(lines.text)\"")
            }
            rows.append(row)
        }
        lattice = Matrix3(rows[0], rows[1], rows[2])
    }

    /// `x  Si  1  0.500000   0.500000   0.000000   x` until the box closes.
    private mutating func readAtoms(_ lines: inout LineReader, into steps: inout RunSteps) throws {
        try finish(into: &steps)
        var (kinds, names, places) = ([Element](), [String](), [SIMD3<Double>]())
        fractions = nil
        while try lines.advance() {
            guard let (name, rest) = lines.rest(behindWords: 2) else {
                // A line of one word: a rule, or the end of the box.
                guard lines.contains("xxxxx") else { continue }
                if !places.isEmpty { (elements, labels, fractions) = (kinds, names, places) }
                return
            }
            if name == "Number" { continue }
            guard let row = lines.numbers(in: rest, first: 4), row.count == 4,
                let element = name == names.last ? kinds.last : Element(label: name)
            else { throw FormatProblem("expected atom \(places.count + 1), found \"\(lines.text)\"") }
            kinds.append(element)
            names.append(name)
            places.append(SIMD3(row[1], row[2], row[3]))
        }
    }

    // MARK: Labels

    private mutating func note(_ kind: Energy, _ lines: LineReader) {
        guard step != nil, energy == nil || kind >= energy! else { return }
        let value = lines.contains("eV") ? lines.number(behind: "=") : nil
        if value == nil { step!.flaw = "its energy is no number (line \(lines.number))" }
        step!.energy = value
        energy = kind
    }

    /// `* Si        1     -0.24418             -0.33042              0.32253         *`
    private mutating func readForces(_ lines: inout LineReader) throws {
        let isConstrained = lines.contains("Constrained") && !lines.contains("Unconstrained")
        guard step != nil, step!.forces == nil || forcesAreConstrained, let count = elements?.count else { return }
        var forces: [SIMD3<Double>] = []
        while forces.count < count {
            guard try lines.advance() else { return step!.isCut = true }
            guard let (name, rest) = lines.rest(behindWords: 2), name.first?.isLetter == true else {
                // Empty rows, rules, and the end of the box.
                guard lines.contains("****") else { continue }
                step!.flaw = "its table of forces has \(forces.count) of \(count) atoms (line \(lines.number))"
                return
            }
            if name == "Cartesian" || name == "x" {
                if name == "Cartesian", !lines.contains("(eV/A)") {
                    throw FormatProblem("expected forces in eV/A, found \"\(lines.text)\"")
                }
                continue
            }
            // Fixed components say so behind the number.
            let row = lines.numbers(in: rest, first: 4) ?? Self.numbers(withoutWords: lines.text(rest))
            guard let row, row.count == 4,
                name == labels[forces.count] || Element(label: name) == elements![forces.count]
            else {
                step!.flaw = "the force on atom \(forces.count + 1) is no number (line \(lines.number))"
                return
            }
            forces.append(SIMD3(row[1], row[2], row[3]))
        }
        step!.forces = forces
        forcesAreConstrained = isConstrained
    }

    /// `1     -0.24418(cons'd)     -0.33042     0.32253  *`
    private static func numbers(withoutWords text: String) -> [Double]? {
        let words = text.replacing("(cons'd)", with: " ").words.prefix(4)
        let numbers = words.compactMap { Double($0) }
        return numbers.count == 4 ? numbers : nil
    }

    /// `*  x      2.039893      1.438624      2.719114  *`
    private mutating func readStress(_ lines: inout LineReader) throws {
        guard step != nil, step!.stress == nil else { return }
        var rows: [SIMD3<Double>] = []
        while rows.count < 3 {
            guard try lines.advance() else { return step!.isCut = true }
            if lines.contains("Cartesian components"), !lines.contains("(GPa)") {
                throw FormatProblem("expected a stress in GPa, found \"\(lines.text)\"")
            }
            let words = lines.words()
            guard words.count >= 5, words[0] == "*", words[1] == ["x", "y", "z"][rows.count], words[2] != "y" else {
                guard lines.contains("*****") else { continue }
                step!.flaw = "its stress is not whole (line \(lines.number))"
                return
            }
            let numbers = words[2...4].compactMap { Double($0) }
            guard numbers.count == 3 else {
                step!.flaw = "its stress is no numbers (line \(lines.number))"
                return
            }
            rows.append(SIMD3(numbers[0], numbers[1], numbers[2]))
        }
        step!.stress = Matrix3(rows[0], rows[1], rows[2]) * (1 / Units.gigapascal)
    }

    // MARK: Steps

    private mutating func begin(_ steps: RunSteps) {
        begun += 1
        step = RunStep(place: steps.place("\(begun)"))
        step?.isConverged = true
        energy = nil
        forcesAreConstrained = false
    }

    private mutating func finish(into steps: inout RunSteps, isCut: Bool = false, isSuperseded: Bool = false) throws {
        guard var whole = step else { return }
        step = nil
        let isBare = whole.forces == nil && whole.stress == nil
        if isSuperseded, isBare, whole.energy != nil { return steps.leaveOut(whole.place, .superseded) }
        if let lattice, let fractions {
            whole.elements = elements
            whole.lattice = lattice
            whole.positions = fractions.map { $0 * lattice }
        }
        if isCut, isBare { whole.isCut = true }
        if let charge { whole.information[Structure.chargeKeys[0]] = charge }
        try steps.finish(whole)
    }
}
