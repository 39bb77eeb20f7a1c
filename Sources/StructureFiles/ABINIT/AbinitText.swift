import Atoms

/// The steps of ABINIT's main output, versions 7 to 10, in Hartree atomic units: data sets of one calculation each, and
/// those that move atoms or cell.
///
/// - Energy: `Etotal` or `total_energy` of the components, `(etotal)` of a step that moves; with smearing it is the
///   free energy, which the forces are derivatives of.
/// - Stress: hartree/bohr³, positive in tension as here.
/// - `nstep … was not enough SCF cycles to converge` makes a step none. What a data set that moves atoms prints at its
///   end repeats its last step.
struct AbinitText: RunText {
    /// By type, and of each atom.
    private var charges: [Double] = []
    private var types: [Int] = []
    private var lattice: Matrix3?
    private var step: RunStep?
    /// Bohr⁻¹: positions as fractions, until the cell of the step is known.
    private var fractions: [SIMD3<Double>]?
    private var dataset = 0
    private var begun = 0
    private var moves = false
    /// Whether what follows repeats the last step.
    private var isTail = false
    private var hasEnded = false

    private enum Word: Sendable {
        case version, types, charges, cutoff, grid, points, pseudopotential, dataset, functional, axis, iteration, scf
        case reached, notReached, stress, wholeStress, fractions, positions, forces, movedForces, cell, energy
        case movedEnergy, completed, end
    }

    static let beginnings: LineBeginnings? = starts.beginnings
    private static let starts = LineStarts<Word>([
        ".Version ": .version, "typat ": .types, "znucl ": .charges, "ecut ": .cutoff, "ngkpt": .grid,
        "nkpt ": .points,
        "- pspini: atom type": .pseudopotential, "== DATASET": .dataset, "== END DATASET": .end,
        "Exchange-correlation functional for the present": .functional, "R(1)=": .axis, "--- Iteration:": .iteration,
        "iter   Etot": .scf, "At SCF step": .reached, "nstep=": .notReached,
        "Cartesian components of stress tensor (hartree/bohr^3)": .stress,
        "Stress tensor in cartesian coordinates (strten)": .wholeStress,
        "reduced coordinates (array xred)": .fractions, "Reduced coordinates (xred)": .fractions,
        "cartesian forces (hartree/bohr) at end": .forces, "Cartesian forces (fcart) [Ha/bohr]": .movedForces,
        "Real space primitive translations (rprimd) [bohr]": .cell, ">>>>>>>>> Etotal=": .energy,
        ">>>>>>> Etotal=": .energy, ">>>>>>>>Etotal=": .energy, "total_energy        :": .energy,
        "Total energy (etotal) [Ha]=": .movedEnergy, "----iterations are completed": .completed,
    ])

    mutating func take(_ lines: inout LineReader, into steps: inout RunSteps) throws {
        guard let (word, rest) = Self.starts.find(in: lines) else { return }
        switch word {
        case .version:
            try finish(into: &steps, isCut: !hasEnded)
            self = AbinitText()
            steps.beginRun()
            steps.method.code = "ABINIT \(lines.words(in: rest).first ?? "")"
        case .types: if dataset == 0 { types = try numbers(of: &lines, rest).compactMap { Int(exactly: $0) } }
        case .charges: if dataset == 0 { charges = try numbers(of: &lines, rest) }
        case .cutoff:
            if dataset == 0 {
                steps.method.cutoff = lines.numbers(in: rest, first: 1)?.first.map { $0 * Units.hartree }
            }
        case .grid:
            if dataset == 0 {
                let grid = lines.words(in: rest).filter { Int($0) != nil }.suffix(3)
                if grid.count == 3 { steps.method.kpoints = grid.joined(separator: "x") }
            }
        case .points:
            if dataset == 0, steps.method.kpoints == nil, let count = lines.words(in: rest).first, Int(count) != nil {
                steps.method.kpoints = "\(count) points"
            }
        case .pseudopotential:
            let name = String(lines.words(in: rest).last?.split(separator: "/").last ?? "")
            if !steps.method.pseudopotentials.contains(name) { steps.method.pseudopotentials.append(name) }
        case .functional:
            if try lines.advance() {
                steps.method.functional = lines.text(lines.line).split(separator: " - ").first.map {
                    $0.split(separator: " ").joined(separator: " ")
                }
            }
        case .dataset:
            try finish(into: &steps)
            dataset += 1
            (moves, isTail, fractions) = (false, false, nil)
        case .axis: lattice = try matrix(&lines, first: rest, unit: Units.bohr)
        case .iteration:
            try finish(into: &steps)
            moves = true
            begin(steps)
        case .scf: if step == nil, !isTail, dataset > 0 { begin(steps) }
        case .reached: if lines.contains("converged") || lines.contains("<") { step?.isConverged = true }
        case .notReached:
            if lines.contains("was not enough SCF cycles") { step?.isConverged = false }
        case .completed:
            if moves {
                try finish(into: &steps)
                isTail = true
            }
        case .end: hasEnded = true
        default: try readLabel(word, &lines, rest)
        }
    }

    mutating func end(into steps: inout RunSteps) throws { try finish(into: &steps, isCut: !hasEnded) }

    // MARK: Numbers

    /// Those of a variable, which goes on in the lines that follow.
    private func numbers(of lines: inout LineReader, _ rest: Range<Int>) throws -> [Double] {
        var found = lines.numbers(in: rest) ?? []
        while try lines.advance() {
            guard !lines.isBlank, let more = lines.numbers() else {
                lines.stepBack()
                break
            }
            found += more
        }
        return found
    }

    /// Three lines; the first is begun already, or comes next.
    private func matrix(_ lines: inout LineReader, first: Range<Int>? = nil, unit: Double) throws -> Matrix3? {
        var rows: [SIMD3<Double>] = []
        var part = first
        while rows.count < 3 {
            if part == nil {
                guard try lines.advance() else { return nil }
                // `R(2)=  …`
                part = lines.contains("=") ? lines.rest(behind: "=") : lines.line
            }
            guard let row = lines.triple(in: part) else { return nil }
            rows.append(row * unit)
            part = nil
        }
        return Matrix3(rows[0], rows[1], rows[2])
    }

    /// A line of three numbers for each atom, perhaps behind the atom's.
    private mutating func table(_ lines: inout LineReader, numbered: Bool, _ what: String) throws -> [SIMD3<Double>]?
    {
        var rows: [SIMD3<Double>] = []
        while rows.count < types.count {
            guard try lines.advance() else {
                step?.isCut = true
                return nil
            }
            guard let row = lines.numbers(first: numbered ? 4 : 3), row.count == (numbered ? 4 : 3) else {
                step?.flaw = "\(what) of atom \(rows.count + 1) is no number (line \(lines.number))"
                return nil
            }
            rows.append(SIMD3(row[row.count - 3], row[row.count - 2], row[row.count - 1]))
        }
        return rows
    }

    // MARK: Labels

    private mutating func readLabel(_ word: Word, _ lines: inout LineReader, _ rest: Range<Int>) throws {
        guard step != nil, !isTail else { return }
        switch word {
        case .stress:
            // sigma(1 1)= …  sigma(3 2)= …
            var (diagonal, others) = (SIMD3<Double>.zero, SIMD3<Double>.zero)
            for row in 0..<3 {
                guard try lines.advance() else { return step!.isCut = true }
                guard let first = lines.rest(behind: "="), let a = lines.numbers(in: first, first: 1)?.first,
                    let second = lines.rest(behind: "=", in: first),
                    let b = lines.numbers(in: second, first: 1)?.first
                else {
                    step!.flaw = "its stress is no numbers (line \(lines.number))"
                    return
                }
                diagonal[row] = a
                others[row] = b
            }
            let (yz, xz, xy) = (others.x, others.y, others.z)
            step!.stress =
                Matrix3(SIMD3(diagonal.x, xy, xz), SIMD3(xy, diagonal.y, yz), SIMD3(xz, yz, diagonal.z))
                * Units.hartreePerCubicBohr
        case .wholeStress:
            guard let stress = try matrix(&lines, unit: Units.hartreePerCubicBohr) else {
                step!.flaw = "its stress is no numbers (line \(lines.number))"
                return
            }
            step!.stress = stress
        case .fractions: fractions = try table(&lines, numbered: false, "the position")
        case .forces, .movedForces:
            let isNumbered = word == .forces
            step!.forces = try table(&lines, numbered: isNumbered, "the force")?.map { $0 * Units.hartreePerBohr }
        case .cell:
            guard let cell = try matrix(&lines, unit: Units.bohr) else {
                step!.flaw = "its cell is no numbers (line \(lines.number))"
                return
            }
            step!.lattice = cell
        case .energy, .movedEnergy:
            let value = lines.numbers(in: rest, first: 1)?.first
            if value == nil { step!.flaw = "its energy is no number (line \(lines.number))" }
            step!.energy = value.map { $0 * Units.hartree }
        default: break
        }
    }

    // MARK: Steps

    private mutating func begin(_ steps: RunSteps) {
        begun += 1
        var new = RunStep(place: steps.place("\(begun)"))
        new.lattice = lattice
        step = new
        fractions = nil
    }

    private mutating func finish(into steps: inout RunSteps, isCut: Bool = false) throws {
        guard var whole = step else { return }
        step = nil
        if let fractions, let lattice = whole.lattice {
            whole.positions = fractions.map { $0 * lattice }
            whole.elements = try types.map { type in
                guard charges.indices.contains(type - 1), let number = Int(exactly: charges[type - 1]),
                    let element = Element(atomicNumber: number)
                else { throw FormatProblem("expected the atomic number (znucl) of type \(type), found none") }
                return element
            }
        }
        if isCut, whole.energy == nil || whole.forces == nil { whole.isCut = true }
        try steps.finish(whole)
    }
}
