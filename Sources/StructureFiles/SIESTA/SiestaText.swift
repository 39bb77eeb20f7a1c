import Atoms

/// The steps of outputs of SIESTA, versions 4 and 5: single points, relaxations, dynamics.
///
/// - Energy: the free energy that the forces are derivatives of: `FreeEng` of a single point, with six decimals; where
///   atoms move, `Target enthalpy` at zero target pressure, with four; E_KS only where it cannot differ.
/// - Stress: `(static)`, positive in tension as here. The lines in Voigt's order hold kinetic parts in dynamics, and
///   are taken in relaxations only, which print nothing else.
/// - Coordinates stand in `outcoor` of each step, in Å, bohr or fractions of the cell behind them.
struct SiestaText: RunText {
    private var numbers: [Int: Element] = [:]
    private var lattice: Matrix3?
    private var charge: String?
    private var hasTargetPressure = false
    private var step: RunStep?
    private var fractions: [SIMD3<Double>]?
    /// eV: E_KS, what E + pV gives of the free energy, and the difference of both in the last cycle.
    private var kohnSham, enthalpy, freeEnergy: Double?
    private var cycle: (kohnSham: Double, free: Double)?
    private var isDynamics = false
    private var hasStaticStress = false
    private var begun = 0
    /// Whether what follows is the analysis at the end, which repeats the last step with other digits.
    private var isInAnalysis = false
    private var isSingle = false
    private var hasEnded = false

    private enum Word: Sendable {
        case version, newVersion, species, charge, pressure, cutoff, functional, points, spins, single, begin,
            coordinates, cell
        case cycle, converged, failed, kohnSham, enthalpy, forces, voigt, newVoigt, staticStress, free, final,
            dynamics, end
    }

    static let beginnings: LineBeginnings? = starts.beginnings
    private static let starts = LineStarts<Word>([
        "Siesta Version": .version, "Version ": .newVersion, "Species number:": .species,
        "redata: Net charge": .charge, "redata: Target Pressure": .pressure, "redata: Mesh Cutoff": .cutoff,
        "xc.authors": .functional, "XC.authors": .functional, "XC.Authors": .functional,
        "siesta: k-grid: Number of k-points": .points, "redata: Number of spin components": .spins,
        "Single-point calculation": .single, "Begin ": .begin,
        "outcoor: Atomic coordinates": .coordinates, "outcell: Unit cell vectors (Ang)": .cell, "scf: ": .cycle,
        "SCF cycle converged": .converged, "SCF_NOT_CONV": .failed, "siesta: E_KS(eV)": .kohnSham,
        "Target enthalpy (eV/cell)": .enthalpy, "siesta: Atomic forces (eV/Ang)": .forces,
        "Stress-tensor-Voigt (kbar):": .voigt, "Stress tensor Voigt[x,y,z,yz,xz,xy] (kbar):": .newVoigt,
        "siesta: Stress tensor (static) (eV/Ang**3)": .staticStress, "siesta: FreeEng": .free,
        "siesta: Program's energy decomposition": .final, "siesta: Temp_ion": .dynamics, ">> End of run": .end,
        "Job completed": .end,
    ])

    mutating func take(_ lines: inout LineReader, into steps: inout RunSteps) throws {
        guard let (word, rest) = Self.starts.find(in: lines) else { return }
        switch word {
        case .version, .newVersion:
            let version = lines.rest(behind: ":", in: rest).flatMap { lines.words(in: $0).first } ?? ""
            if word == .newVersion, steps.method.code != nil { return }
            try finish(into: &steps, isCut: !hasEnded)
            self = SiestaText()
            steps.beginRun()
            steps.method.code = "SIESTA \(version.trimmingPrefix("siesta-").trimmingPrefix("v"))"
        case .species: noteSpecies(lines)
        case .charge: charge = lines.number(behind: "=").flatMap { RunStep.charge(of: $0) }
        case .pressure: hasTargetPressure = lines.number(behind: "=") != 0
        case .cutoff: steps.method.cutoff = lines.number(behind: "=").map { $0 * Units.rydberg }
        case .functional: if let name = lines.words(in: rest).first { steps.method.functional = String(name) }
        case .points:
            steps.method.kpoints = lines.number(behind: "=").flatMap { Int(exactly: $0) }.map { "\($0) points" }
        case .spins: steps.method.spins = lines.number(behind: "=").flatMap { Int(exactly: $0) }
        case .single, .begin:
            guard word == .single || lines.contains(" step =") || lines.contains("move =") else { return }
            try finish(into: &steps)
            begin(steps)
            isDynamics = lines.contains("MD step")
            isSingle = word == .single
        case .coordinates: try readCoordinates(&lines)
        case .cell: try readCell(&lines)
        case .cycle:
            // `scf:   12   -219.1640   -219.1639   -219.1639  0.00002 -6.7526`
            if step != nil, let row = lines.numbers(in: rest, first: 4), row.count == 4 { cycle = (row[2], row[3]) }
        case .converged: step?.isConverged = true
        case .failed: step?.isConverged = false
        case .kohnSham: kohnSham = lines.number(behind: "=")
        case .enthalpy: enthalpy = lines.numbers(in: rest, first: 1)?.first
        case .forces: try readForces(&lines)
        case .voigt, .newVoigt: readVoigt(lines, rest, isNew: word == .newVoigt)
        case .staticStress: try readStress(&lines)
        case .final: if step?.forces != nil { isInAnalysis = true }
        case .free: if isInAnalysis, isSingle { freeEnergy = lines.number(behind: "=") }
        case .dynamics: isDynamics = true
        case .end: hasEnded = true
        }
    }

    mutating func end(into steps: inout RunSteps) throws { try finish(into: &steps, isCut: !hasEnded) }

    // MARK: Structures

    /// `Species number:   1 Atomic number:   12 Label: Mg`, in either order.
    private mutating func noteSpecies(_ lines: LineReader) {
        let words = lines.text.split(whereSeparator: { " :".contains($0) })
        guard words.count > 2, let species = Int(words[2]), let place = words.firstIndex(of: "Atomic"),
            words.indices.contains(place + 2), let number = Int(words[place + 2])
        else { return }
        // Ghosts have negative numbers, and no element.
        numbers[species] = Element(atomicNumber: number)
    }

    /// `0.00000000    0.00000000    0.00000000   1       1  Mg` until a line that is none.
    private mutating func readCoordinates(_ lines: inout LineReader) throws {
        guard step != nil, step!.positions == nil, fractions == nil else { return }
        let title = lines.text
        var unit = 1.0
        if title.contains("(Bohr)") {
            unit = Units.bohr
        } else if !title.contains("(Ang)"), !title.contains("(fractional)") {
            step!.flaw = "its coordinates are in another unit (line \(lines.number)): \(title)"
            return
        }
        var (kinds, places) = ([Element](), [SIMD3<Double>]())
        while try lines.advance(), !lines.isBlank {
            let words = lines.words()
            guard words.count >= 5, let place = lines.triple(), let species = Int(words[3]) else {
                step!.flaw = "the position of atom \(places.count + 1) is no number (line \(lines.number))"
                return
            }
            guard let element = numbers[species] ?? (words.count > 5 ? Element(label: words[5]) : nil) else {
                throw FormatProblem("expected the atomic number of species \(species), found none")
            }
            kinds.append(element)
            places.append(place * unit)
        }
        step!.elements = kinds
        if title.contains("(fractional)") { fractions = places } else { step!.positions = places }
    }

    private mutating func readCell(_ lines: inout LineReader) throws {
        var rows: [SIMD3<Double>] = []
        while rows.count < 3 {
            guard try lines.advance() else { return }
            guard let row = lines.triple() else {
                throw FormatProblem("expected lattice vector \(rows.count + 1), found \"\(lines.text)\"")
            }
            rows.append(row)
        }
        lattice = Matrix3(rows[0], rows[1], rows[2])
        if step != nil, step!.lattice == nil { step!.lattice = lattice }
    }

    // MARK: Labels

    /// `1   -0.219766    0.230163    0.000242` until a line of dashes; at the end of a run again, behind `siesta:`.
    private mutating func readForces(_ lines: inout LineReader) throws {
        guard step != nil, step!.forces == nil, let count = step!.elements?.count else { return }
        var forces: [SIMD3<Double>] = []
        while forces.count < count {
            guard try lines.advance() else { return step!.isCut = true }
            let line = lines.line
            let part = lines.contains("siesta:") ? lines.rest(behind: ":") : line
            guard let row = lines.numbers(in: part, first: 4), row.count == 4,
                Int(exactly: row[0]) == forces.count + 1
            else {
                step!.flaw = "the force on atom \(forces.count + 1) is no number (line \(lines.number))"
                return
            }
            forces.append(SIMD3(row[1], row[2], row[3]))
        }
        step!.forces = forces
    }

    /// kbar: xx yy zz xy yz xz in version 4, xx yy zz yz xz xy in version 5.
    private mutating func readVoigt(_ lines: LineReader, _ rest: Range<Int>, isNew: Bool) {
        guard step != nil, !isDynamics, !hasStaticStress else { return }
        guard let s = lines.numbers(in: rest), s.count == 6 else {
            step!.flaw = "its stress is no numbers (line \(lines.number))"
            return
        }
        let (yz, xz, xy) = isNew ? (s[3], s[4], s[5]) : (s[4], s[5], s[3])
        step!.stress =
            Matrix3(SIMD3(s[0], xy, xz), SIMD3(xy, s[1], yz), SIMD3(xz, yz, s[2])) * (1 / (10 * Units.gigapascal))
    }

    /// Three rows in eV/Å³, behind `siesta:` in version 4.
    private mutating func readStress(_ lines: inout LineReader) throws {
        guard step != nil, !hasStaticStress, isSingle || !isInAnalysis else { return }
        var rows: [SIMD3<Double>] = []
        while rows.count < 3 {
            guard try lines.advance() else { return step!.isCut = true }
            let part = lines.contains("siesta:") ? lines.rest(behind: ":") : lines.line
            guard let row = lines.triple(in: part) else {
                step!.flaw = "its stress is no numbers (line \(lines.number))"
                return
            }
            rows.append(row)
        }
        step!.stress = Matrix3(rows[0], rows[1], rows[2])
        hasStaticStress = true
    }

    // MARK: Steps

    private mutating func begin(_ steps: RunSteps) {
        begun += 1
        step = RunStep(place: steps.place("\(begun)"))
        (fractions, kohnSham, enthalpy, freeEnergy, cycle) = (nil, nil, nil, nil, nil)
        (hasStaticStress, isInAnalysis) = (false, false)
    }

    private mutating func finish(into steps: inout RunSteps, isCut: Bool = false) throws {
        guard var whole = step else { return }
        step = nil
        if whole.lattice == nil { whole.lattice = lattice }
        if let fractions, let lattice = whole.lattice { whole.positions = fractions.map { $0 * lattice } }
        let withoutEntropy = cycle.map { abs($0.kohnSham - $0.free) < 1e-6 } ?? false
        whole.energy = freeEnergy ?? (hasTargetPressure ? nil : enthalpy) ?? (withoutEntropy ? kohnSham : nil)
        if whole.energy == nil, kohnSham != nil {
            whole.flaw = whole.flaw ?? "its free energy is not printed, and is not E_KS"
        }
        if let kohnSham { whole.information["energy_kohn_sham"] = "\(kohnSham)" }
        if isCut, whole.energy == nil || whole.forces == nil { whole.isCut = true }
        if let charge { whole.information[Structure.chargeKeys[0]] = charge }
        try steps.finish(whole)
    }
}
