import Atoms

/// The steps of outputs of pw.x, versions 5 to 7: single points, relaxations with and without cell, dynamics.
///
/// - Energy: the line `!    total energy`, with smearing F = E − TS, which the forces are derivatives of. Some versions
///   print it in every iteration; the last before the forces counts.
/// - Forces: the first table behind `Forces acting on atoms`; contributions follow in the same form.
/// - Stress: the columns of Ry/bohr³, which have more digits than those of kbar, with the sign turned.
/// - Cell and positions: `lattice parameter (alat)`, `a(1)` …, `tau(…)`, then `CELL_PARAMETERS` and `ATOMIC_POSITIONS`
///   of each step, which belong to the step that follows. The final ones repeat the last step, unless a calculation
///   follows.
/// - `convergence NOT achieved` makes its step none, and `JOB DONE` is no proof of anything.
struct PWscfText: RunText {
    private var run = PWscfRun()
    private var step: RunStep?
    private var hasForces = false
    /// Whether a stress was announced.
    private var awaitsStress = false
    /// Whether the run has said that it is over.
    private var hasEnded = false
    /// Of an error box, that pw.x stops with.
    private var complaint: [String]?

    var nothing: String? {
        let words = (complaint ?? []).filter { !$0.isEmpty }.joined(separator: ", ")
        return words.isEmpty ? nil : "expected a converged step, found none: pw.x stopped with \"\(words)\""
    }

    private enum Word: Sendable {
        case program, lattice, atoms, axis, species, sites, charge, cutoff, functional, kpoints, pseudopotential
        case dispersion, cell, positions, begin, energy, converged, notConverged, forces, stressToCome, stress, end,
            box
        case magnetization
    }

    static let beginnings: LineBeginnings? = starts.beginnings
    private static let starts = LineStarts<Word>([
        "Program PWSCF": .program, "lattice parameter (a": .lattice, "number of atoms/cell": .atoms, "a(": .axis,
        "atomic species   valence": .species, "site n.": .sites,
        "number of electrons": .charge, "kinetic-energy cutoff": .cutoff, "Exchange-correlation": .functional,
        "number of k points=": .kpoints, "PseudoPot. #": .pseudopotential, "DFT-D": .dispersion,
        "MBD": .dispersion, "Tkatchenko": .dispersion, "CELL_PARAMETERS": .cell, "ATOMIC_POSITIONS": .positions,
        "Self-consistent Calculation": .begin, "!    total energy": .energy, "!!   total energy": .energy,
        "convergence has been achieved": .converged, "convergence NOT achieved": .notConverged,
        "Forces acting on atoms": .forces, "Computing stress": .stressToCome, "total   stress": .stress,
        "JOB DONE": .end, "%%%%%%%%": .box, "total magnetization": .magnetization,
    ])

    mutating func take(_ lines: inout LineReader, into steps: inout RunSteps) throws {
        guard let (word, rest) = Self.starts.find(in: lines) else { return }
        switch word {
        case .program:
            try finish(into: &steps, runHasEnded: hasEnded)
            run = PWscfRun()
            steps.beginRun()
            hasEnded = false
            let version = lines.words(in: rest).first ?? ""
            steps.method.code = "Quantum ESPRESSO \(version.trimmingPrefix("v."))"
        case .lattice: run.alat = lines.number(behind: "=").map { $0 * Units.bohr } ?? run.alat
        case .atoms: run.atoms = try count(lines)
        case .axis: try run.note(axis: lines, rest)
        case .species: try readSpecies(&lines)
        case .sites:
            guard !lines.contains("cryst.") else { return }
            try finish(into: &steps, runHasEnded: true)
            try readSites(&lines)
        case .charge: run.electrons = lines.number(behind: "=")
        case .cutoff: steps.method.cutoff = lines.number(behind: "=").map { $0 * Units.rydberg }
        case .functional:
            let name = lines.text(rest).drop { " =".contains($0) }.prefix { $0 != "(" }
            steps.method.functional = name.split(separator: " ").joined(separator: " ")
        case .kpoints:
            steps.method.kpoints = lines.number(behind: "=").flatMap { Int(exactly: $0) }.map { "\($0) points" }
        case .pseudopotential: try readPseudopotential(&lines, into: &steps)
        case .dispersion: steps.method.dispersion = lines.words().first.map { String($0) }
        case .cell:
            try finish(into: &steps, runHasEnded: true)
            try run.readCell(&lines)
        case .positions:
            // They say which atoms are fixed, also in the step before.
            let last = step
            step = nil
            try run.readPositions(&lines)
            step = last
            step?.moveMask = run.moveMask
            try finish(into: &steps, runHasEnded: true)
        case .begin:
            // Several self-consistent calculations may belong to one step (hybrids, electric fields).
            if step == nil || hasForces {
                try finish(into: &steps, runHasEnded: true)
                begin(steps)
            }
        case .energy: readEnergy(lines)
        case .converged: step?.isConverged = true
        case .notConverged: step?.isConverged = false
        case .forces: try readForces(&lines)
        case .stressToCome: awaitsStress = true
        case .stress: try readStress(&lines)
        case .magnetization:
            // Of a non-collinear calculation three numbers.
            if let numbers = lines.rest(behind: "=").flatMap({ lines.words(in: $0) }), let number = numbers.first,
                Double(number) != nil
            {
                step?.information["total_magnetization"] = String(number)
            }
        case .end: hasEnded = true
        case .box:
            if complaint == nil { complaint = [] } else { return }
            while try lines.advance(), !lines.contains("%%%%%%%%"), complaint!.count < 5 {
                complaint!.append(lines.words().joined(separator: " "))
            }
        }
    }

    mutating func end(into steps: inout RunSteps) throws { try finish(into: &steps, runHasEnded: hasEnded) }

    private func count(_ lines: LineReader) throws -> Int {
        guard let number = lines.number(behind: "="), let count = Int(exactly: number),
            (1...10_000_000).contains(count)
        else { throw FormatProblem("expected the number of atoms, found \"\(lines.text)\"") }
        return count
    }

    // MARK: Tables

    /// `Si  4.00  28.08550  Si( 1.00)`
    private mutating func readSpecies(_ lines: inout LineReader) throws {
        while try lines.advance(), !lines.isBlank {
            let words = lines.words()
            guard words.count >= 4, let valence = Double(words[1]) else { return lines.stepBack() }
            run.species[String(words[0])] = (Element(label: words[3].prefix { $0 != "(" }), valence)
        }
    }

    /// The line behind `PseudoPot. # 1 for Si read from file:` is its path.
    private func readPseudopotential(_ lines: inout LineReader, into steps: inout RunSteps) throws {
        guard try lines.advance() else { return }
        let path = lines.words().first ?? ""
        guard let name = path.split(separator: "/").last, !steps.method.pseudopotentials.contains(String(name)) else {
            return
        }
        steps.method.pseudopotentials.append(String(name))
    }

    /// `1   Si  tau(   1) = (   0.0000000   0.0000000   0.0000000  )`, in units of alat.
    private mutating func readSites(_ lines: inout LineReader) throws {
        guard let count = run.atoms, let alat = run.alat else { return }
        var (elements, positions) = ([Element](), [SIMD3<Double>]())
        while elements.count < count, try lines.advance() {
            if elements.isEmpty, lines.isBlank { continue }
            let words = lines.words()
            guard words.count > 2, lines.contains("tau("), let rest = lines.rest(behind: "=") else {
                throw FormatProblem("expected atom \(elements.count + 1) of \(count), found \"\(lines.text)\"")
            }
            elements.append(try run.element(labelled: words[1]))
            guard let inner = lines.rest(behind: "(", in: rest), let place = lines.triple(in: inner) else {
                throw FormatProblem("expected the position of atom \(elements.count), found \"\(lines.text)\"")
            }
            positions.append(place * alat)
        }
        guard elements.count == count else { return run.positions = nil }
        run.elements = elements
        run.positions = positions
    }

    private mutating func readEnergy(_ lines: LineReader) {
        guard lines.contains("Ry") else { return }
        let value = lines.number(behind: "=")
        if value == nil { step?.flaw = "its energy is no number (line \(lines.number))" }
        step?.energy = value.map { $0 * Units.rydberg }
    }

    /// `atom    1 type  1   force =     0.00000000    0.00000000   -0.00000000`, in Ry/bohr.
    private mutating func readForces(_ lines: inout LineReader) throws {
        guard step != nil, !hasForces, let count = run.atoms else { return }
        hasForces = true
        var forces: [SIMD3<Double>] = []
        forces.reserveCapacity(min(count, 1 << 16))
        let unit = Units.rydberg / Units.bohr
        while forces.count < count {
            guard try lines.advance() else { return step!.isCut = true }
            if forces.isEmpty, lines.isBlank || !lines.contains("force =") {
                // Remarks of the program stand between title and table.
                if lines.contains("Total force") { return step!.flaw = "its table of forces is empty" }
                continue
            }
            guard let rest = lines.rest(behind: "="), let force = lines.triple(in: rest) else {
                step!.flaw = "the force on atom \(forces.count + 1) is no number (line \(lines.number))"
                return
            }
            forces.append(force * unit)
        }
        step!.forces = forces
    }

    /// Three lines of six numbers: Ry/bohr³ and kbar, positive under pressure.
    private mutating func readStress(_ lines: inout LineReader) throws {
        guard step != nil, step!.stress == nil else { return }
        var rows: [SIMD3<Double>] = []
        while rows.count < 3 {
            guard try lines.advance() else { return step!.isCut = true }
            guard let row = lines.triple() else {
                step!.flaw = "its stress is no numbers (line \(lines.number))"
                return
            }
            rows.append(row)
        }
        awaitsStress = false
        step!.stress =
            Matrix3(rows[0], rows[1], rows[2]) * (-Units.rydberg / (Units.bohr * Units.bohr * Units.bohr))
    }

    // MARK: Steps

    private mutating func begin(_ steps: RunSteps) {
        run.steps += 1
        var new = RunStep(place: steps.place("\(run.steps)"))
        new.elements = run.elements
        new.positions = run.positions
        new.lattice = run.lattice
        new.moveMask = run.moveMask
        step = new
        hasForces = false
        awaitsStress = false
    }

    /// Whatever belongs to a step stands before the next positions.
    private mutating func finish(into steps: inout RunSteps, runHasEnded: Bool) throws {
        guard var whole = step else { return }
        step = nil
        if !runHasEnded, whole.energy == nil || whole.forces == nil || awaitsStress { whole.isCut = true }
        if let charge = run.charge { whole.information[Structure.chargeKeys[0]] = charge }
        try steps.finish(whole)
    }
}
