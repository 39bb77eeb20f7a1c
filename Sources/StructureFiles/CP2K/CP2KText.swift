import Atoms

/// The steps of outputs of CP2K's Quickstep, versions 2 to 2024, with `PROJECT-pos-1.xyz` and its companions where they
/// lie beside the output.
///
/// - Energy: `ENERGY| Total FORCE_EVAL ( QS )`, with smearing the free energy.
/// - Stress: GPa (or bar), positive under pressure, with the sign turned. `-1.stress` holds the kinetic part too where
///   atoms have velocities, and serves in optimisations only.
/// - The output prints coordinates of the first step alone: the others are those of `-pos-1.xyz`, matched by their
///   energies to ten decimals; without that file, steps that have no positions are left out.
/// - `SCF run NOT converged` makes its step none, although energy, forces and stress are printed all the same.
struct CP2KText: RunText {
    private let path: String
    private var companions: CP2KCompanions?
    private var elements: [Element]?
    /// Å, of the next step.
    private var positions: [SIMD3<Double>]?
    private var axes: [SIMD3<Double>] = []
    private var lattice: Matrix3?
    private var periodic = [true, true, true]
    /// Whether the cell moves, so that the output alone does not know it.
    private var cellMoves = false
    private var isOptimization = false
    private var charge: String?
    private var step: RunStep?
    /// hartree, and whether a line of it was there.
    private var energy: Double?
    private var hasEnergy = false
    private var begun = 0
    private var hasEnded = false
    private var framesWithoutPositions = 0

    init(path: String) { self.path = path }

    private enum Word: Sendable {
        case version, project, type, ensemble, cell, periodicity, charge, spins, functional, dispersion, cutoff
        case coordinates, scf, converged, warning, outerFailed, energy, forces, newForces, stress, newStress, end
    }

    static let beginnings: LineBeginnings? = starts.beginnings
    private static let starts = LineStarts<Word>([
        "CP2K| version string:": .version, "GLOBAL| Project name": .project, "GLOBAL| Run type": .type,
        "MD_PAR| Ensemble": .ensemble, "MD| Ensemble": .ensemble, "CELL| Vector": .cell,
        "POISSON| Periodicity": .periodicity, "DFT| Charge": .charge, "DFT| Number of spin states": .spins,
        "FUNCTIONAL|": .functional, "vdW POTENTIAL|": .dispersion, "QS| Density cutoff [a.u.]:": .cutoff,
        "QS|   Density cutoff [a.u.]:": .cutoff, "MODULE QUICKSTEP: ATOMIC COORDINATES": .coordinates,
        "MODULE QUICKSTEP:  ATOMIC COORDINATES": .coordinates, "SCF WAVEFUNCTION OPTIMIZATION": .scf,
        "*** SCF run converged": .converged, "*** WARNING in": .warning, "*** SCF run NOT": .warning,
        "outer SCF loop FAILED": .outerFailed,
        "ENERGY| Total FORCE_EVAL": .energy, "ATOMIC FORCES in [a.u.]": .forces,
        "FORCES| Atomic forces [hartree/bohr]": .newForces, "STRESS TENSOR [": .stress,
        "STRESS| Analytical stress tensor [": .newStress, "STRESS| Numerical stress tensor [": .newStress,
        // `**** **** ******  **  PROGRAM ENDED AT    2024-01-01`
        "**** **** ******": .end, "PROGRAM STOPPED IN": .end, "PROGRAM ENDED AT": .end,
        "SCF run NOT converged": .warning,
    ])

    mutating func take(_ lines: inout LineReader, into steps: inout RunSteps) throws {
        guard let (word, rest) = Self.starts.find(in: lines) else { return }
        switch word {
        case .version:
            try finish(into: &steps, isCut: !hasEnded)
            self = CP2KText(path: path)
            steps.beginRun()
            let words = lines.words(in: rest)
            steps.method.code = "CP2K \(words.last ?? "")"
            if words.contains("(Development"), words.count > 2 { steps.method.code = "CP2K \(words[2])" }
        case .project:
            if let project = lines.words(in: rest).last {
                companions = try CP2KCompanions(of: String(project), beside: path)
            }
        case .type:
            if lines.contains("CELL_OPT") { cellMoves = true }
            isOptimization = lines.contains("_OPT")
        case .ensemble: if lines.words(in: rest).last?.hasPrefix("NP") == true { cellMoves = true }
        case .cell: readCell(lines, rest)
        case .periodicity:
            let word = lines.words(in: rest).last ?? ""
            periodic = ["X", "Y", "Z"].map { word.contains($0) && word != "NONE" }
        case .charge: charge = lines.words(in: rest).last.flatMap { Double($0) }.flatMap { RunStep.charge(of: $0) }
        case .spins: steps.method.spins = lines.words(in: rest).last.flatMap { Int($0) }
        case .functional:
            // `FUNCTIONAL| PBE:`; references follow.
            let words = lines.words(in: rest)
            if words.count == 1, words[0].hasSuffix(":") {
                let name = words[0].dropLast()
                steps.method.functional = steps.method.functional.map { "\($0) \(name)" } ?? String(name)
            }
        case .dispersion:
            if steps.method.dispersion == nil,
                let word = lines.words(in: rest).first(where: { $0.hasPrefix("DFT-D") })
            {
                steps.method.dispersion = word.dropFirst(4) + (lines.contains("BJ") ? "(BJ)" : "")
            }
            if lines.contains("BJ Damping") || lines.contains("Becke-Johnson") {
                if let kind = steps.method.dispersion, !kind.contains("BJ") {
                    steps.method.dispersion = kind + "(BJ)"
                }
            }
        case .cutoff:
            steps.method.cutoff = lines.words(in: rest).last.flatMap { Double($0) }.map { $0 * Units.hartree }
        case .coordinates:
            try finish(into: &steps)
            try readCoordinates(&lines)
        case .scf: if hasEnergy || step == nil { try begin(into: &steps) }
        case .converged:
            if hasEnergy || step == nil { try begin(into: &steps) }
            step?.isConverged = true
        case .warning:
            guard lines.contains("SCF run NOT converged") else { return }
            if hasEnergy || step == nil { try begin(into: &steps) }
            step?.isConverged = false
        case .outerFailed: step?.isConverged = false
        case .energy:
            guard lines.contains("( QS )") || lines.contains("( QUICKSTEP )") else {
                throw FormatProblem("expected energies of Quickstep ( QS ), found \"\(lines.text)\"")
            }
            if hasEnergy || step == nil { try begin(into: &steps) }
            hasEnergy = true
            energy = lines.number(behind: ":", in: rest)
            if energy == nil { step!.flaw = "its energy is no number (line \(lines.number))" }
            step!.energy = energy.map { $0 * Units.hartree }
        case .forces: try readForces(&lines, column: 3)
        case .newForces: try readForces(&lines, column: 2)
        case .stress, .newStress: try readStress(&lines, isNew: word == .newStress)
        case .end: if !lines.contains("STARTED") { hasEnded = true }
        }
    }

    mutating func end(into steps: inout RunSteps) throws {
        try finish(into: &steps, isCut: !hasEnded)
        if framesWithoutPositions > 0, companions == nil {
            steps.note("its positions are in PROJECT-pos-1.xyz, which is not beside it")
        }
    }

    // MARK: Tables

    /// `CELL| Vector a [angstrom]:       5.038     0.000     0.000    |a| =       5.038`
    private mutating func readCell(_ lines: LineReader, _ rest: Range<Int>) {
        guard let numbers = lines.rest(behind: ":", in: rest), let vector = lines.triple(in: numbers) else { return }
        if axes.count == 3 { axes = [] }
        axes.append(vector)
        if axes.count == 3 { lattice = Matrix3(axes[0], axes[1], axes[2]) }
    }

    /// Behind a title, `1     1 Fe  26    0.000000    0.000000    1.992808     16.00      55.8450`: the table ends
    /// with the first line that is none.
    private mutating func readCoordinates(_ lines: inout LineReader) throws {
        let unit: Double
        switch lines.words().last?.lowercased() {
        case "angstrom": unit = 1
        case "bohr": unit = Units.bohr
        default: throw FormatProblem("expected coordinates in angstrom or bohr, found \"\(lines.text)\"")
        }
        var (kinds, places) = ([Element](), [SIMD3<Double>]())
        while try lines.advance() {
            let words = lines.words()
            guard words.count >= 7, let index = Int(words[0]), let charge = Int(words[3]) else {
                if places.isEmpty, words.isEmpty || words[0] == "Atom" { continue }
                lines.stepBack()
                break
            }
            guard index == places.count + 1, let element = Element(atomicNumber: charge) ?? Element(label: words[2]),
                let x = Double(words[4]), let y = Double(words[5]), let z = Double(words[6])
            else { throw FormatProblem("expected atom \(places.count + 1), found \"\(lines.text)\"") }
            kinds.append(element)
            places.append(SIMD3(x, y, z) * unit)
        }
        elements = kinds
        positions = places.isEmpty ? nil : places
    }

    /// `1   1   Fe   0.00021561   0.00034116   0.00317438`, or `FORCES|  1  2.156E-04 …`, hartree/bohr.
    private mutating func readForces(_ lines: inout LineReader, column: Int) throws {
        guard step != nil, step!.forces == nil else { return }
        var forces: [SIMD3<Double>] = []
        while try lines.advance() {
            let words = lines.words()
            guard words.count > column + 2, let index = Int(words[column == 3 ? 0 : 1]) else {
                if forces.isEmpty, words.isEmpty || words[0] == "#" || words.contains("Atom") { continue }
                lines.stepBack()
                step!.forces = forces.isEmpty ? nil : forces
                return
            }
            let end = words[column].startIndex
            let offset = lines.line.lowerBound + lines.text.utf8.distance(from: lines.text.startIndex, to: end)
            guard index == forces.count + 1, let force = lines.triple(in: offset..<lines.line.upperBound) else {
                step!.flaw = "the force on atom \(forces.count + 1) is no number (line \(lines.number))"
                return
            }
            forces.append(force * Units.hartreePerBohr)
        }
        step!.isCut = true
    }

    /// A title, and three rows that begin with X, Y, Z.
    private mutating func readStress(_ lines: inout LineReader, isNew: Bool) throws {
        guard step != nil, step!.stress == nil else { return }
        let unit: Double
        if lines.contains("[GPa]") {
            unit = 1 / Units.gigapascal
        } else if lines.contains("[bar]") {
            unit = 1e-4 / Units.gigapascal
        } else {
            throw FormatProblem("expected a stress in GPa or bar, found \"\(lines.text)\"")
        }
        var rows: [SIMD3<Double>] = []
        var read = 0
        while rows.count < 3, read < 6 {
            guard try lines.advance() else { return step!.isCut = true }
            read += 1
            var words = lines.words()
            if isNew, words.first == "STRESS|" { words.removeFirst() }
            guard words.count == 4, words[0].lowercased() == ["x", "y", "z"][rows.count] else { continue }
            let numbers = words.dropFirst().compactMap { Double($0) }
            guard numbers.count == 3 else {
                step!.flaw = "its stress is no numbers (line \(lines.number))"
                return
            }
            rows.append(SIMD3(numbers[0], numbers[1], numbers[2]))
        }
        if rows.count == 3 { step!.stress = Matrix3(rows[0], rows[1], rows[2]) * -unit }
    }

    // MARK: Steps

    private mutating func begin(into steps: inout RunSteps) throws {
        try finish(into: &steps)
        begun += 1
        step = RunStep(place: steps.place("\(begun)"))
    }

    private mutating func finish(into steps: inout RunSteps, isCut: Bool = false) throws {
        guard var whole = step else { return }
        let found = energy
        (step, energy, hasEnergy) = (nil, nil, false)
        // Coordinates are those of the first step.
        let printed = positions
        positions = nil
        whole.elements = elements
        whole.positions = printed
        whole.lattice = begun == 1 || !cellMoves ? lattice : nil
        var needsCell = cellMoves && begun > 1
        if let found, let frame = try companions?.frame(energy: found) {
            whole.place = steps.place("\(frame.number)")
            try take(frame, into: &whole, printed: printed)
            if frame.lattice != nil { needsCell = false }
        }
        if whole.positions == nil { framesWithoutPositions += 1 }
        if whole.lattice != nil {
            whole.periodic = periodic
            if !periodic.contains(true) { whole.lattice = nil }
        } else if needsCell {
            steps.note("the cell moves, and PROJECT-1.cell is not beside it: only the first step has a cell")
            whole.positions = nil
        }
        if let charge { whole.information[Structure.chargeKeys[0]] = charge }
        if isCut, whole.energy == nil { whole.isCut = true }
        try steps.finish(whole)
    }

    private func take(_ frame: CP2KCompanions.Frame, into whole: inout RunStep, printed: [SIMD3<Double>]?) throws {
        // At a low level of printing the output has no coordinates.
        let elements =
            try self.elements
            ?? frame.labels.enumerated().map { atom, label in
                guard let element = Element(label: label) else {
                    throw FormatProblem(
                        "expected the symbol of an element as atom \(atom + 1) of -pos-1.xyz, found \"\(label)\"")
                }
                return element
            }
        guard frame.labels.count == elements.count else {
            throw FormatProblem(
                "expected \(elements.count) atoms in step \(frame.number) of -pos-1.xyz, found \(frame.labels.count)")
        }
        for (atom, (label, element)) in zip(frame.labels, elements).enumerated() {
            if let named = Element(label: label), named != element {
                throw FormatProblem(
                    "expected \(element) as atom \(atom + 1) of -pos-1.xyz, as in the output, found \(label)")
            }
        }
        whole.elements = elements
        if let printed, let worst = zip(printed, frame.positions).map({ norm($0 - $1) }).max(), worst > 0.01 {
            throw FormatProblem(
                "expected the positions of step \(frame.number) of -pos-1.xyz to be those of the output, in Å, found them "
                    + "\(worst) Å apart; were they written in another unit?")
        }
        whole.positions = frame.positions
        if let lattice = frame.lattice { whole.lattice = lattice }
        if let forces = frame.forces { whole.forces = forces.map { $0 * Units.hartreePerBohr } }
        // In dynamics that file holds the kinetic part too, which the output does not.
        if whole.stress == nil, isOptimization, let stress = frame.stress {
            whole.stress = stress * (-1e-4 / Units.gigapascal)
        }
    }
}
