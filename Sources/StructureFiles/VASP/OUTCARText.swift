import Atoms
import Foundation

/// The ionic steps of an OUTCAR, as VASP 5 and 6 write it.
///
/// - Energy: `free  energy   TOTEN`, which the forces are derivatives of; `energy(sigma->0)` is kept as information.
/// - Stress: `in kB`, which is positive under pressure, with the sign turned.
/// - A step whose electrons have not converged is no structure, nor is one without positions and forces, or one that
///   the file ends in. VASP 5 prints "aborting loop because EDIFF is reached" also where NELM ended the loop, so the
///   last changes of the energy are compared with EDIFF.
/// - Steps of a machine-learned force field (`ML TOTEN`) are left out.
/// - Several runs behind each other are read as several runs.
struct OUTCARText: RunText {
    static let step = "ionic step"
    static let beginnings: LineBeginnings? = OUTCARWord.starts.beginnings

    private var run = OUTCARRun()
    private var step: OUTCARStep?
    /// Steps begun, in all runs.
    private var begun = 0
    /// Whether the last run has said how long it took.
    private var hasEnded = false

    var nothing: String? {
        run.counts == nil
            ? "expected \"ions per type\", found the end of the file: VASP was ended before it had read its input"
            : nil
    }

    // MARK: Lines

    mutating func take(_ lines: inout LineReader, into steps: inout RunSteps) throws {
        guard let (word, rest) = OUTCARWord.find(in: lines) else { return }
        switch word {
        case .version:
            try finishStep(into: &steps, endsInside: !hasEnded)
            // The same line stands nowhere else.
            run = OUTCARRun()
            steps.beginRun()
            steps.method.code = OUTCARRun.version(lines.text)
            hasEnded = false
        case .iteration:
            let (ionic, electronic) = Self.iteration(lines.text)
            if electronic == 1 || step == nil {
                try finishStep(into: &steps, endsInside: false)
                begun += 1
                step = OUTCARStep(place: steps.place(ionic.map(String.init) ?? "\(begun)"))
                return
            }
            let before = step?.electronicSteps ?? 0
            step?.electronicSteps = electronic ?? before + 1
        case .title:
            run.note(title: lines.text)
            steps.method.pseudopotentials = run.datasets
        case .kind: run.note(kind: lines.text)
        case .potcar: run.note(potcar: lines.text)
        case .atoms:
            run.atoms = lines.text.range(of: "NIONS").flatMap {
                Self.number(after: "=", String(lines.text[$0.upperBound...])).flatMap { Int(exactly: $0) }
            }
        case .counts: try readCounts(lines)
        case .electronicLimit:
            run.electronicLimit =
                run.electronicLimit ?? Self.number(after: "=", lines.text).flatMap { Int(exactly: $0) }
        case .electronicAccuracy:
            run.electronicAccuracy = run.electronicAccuracy ?? Self.number(after: "=", lines.text)
        case .valences: run.valences = lines.rest(behind: "=").flatMap { lines.numbers(in: $0) }
        case .electrons: run.electrons = Self.number(after: "=", lines.text)
        case .cutoff: steps.method.cutoff = lines.number(behind: "=")
        case .spins:
            steps.method.spins = lines.number(behind: "=").flatMap { Int(exactly: $0) }
        case .noncollinear:
            if lines.text.contains("= ") && lines.words(in: rest).first == "T" { steps.method.spins = 4 }
        case .functional: run.note(functional: lines.text, &steps.method)
        case .dispersion: run.note(dispersion: lines.text, &steps.method)
        case .kpoints:
            if steps.method.kpoints == nil { steps.method.kpoints = OUTCARRun.kpoints(lines.text) }
        case .grid: steps.method.kpoints = OUTCARRun.grid(lines.text) ?? steps.method.kpoints
        case .lattice: try readLattice(&lines)
        case .energyChange: step?.lastChange = Self.change(lines.text)
        case .notReached: step?.isUnconverged = true
        case .stress: readStress(lines, rest)
        case .table: try readTable(&lines)
        case .energy:
            // Of a number that the file ends in nobody could tell without its unit.
            guard lines.text.contains(" eV") else { break }
            let value = Self.number(after: "=", lines.text)
            if value == nil { step?.flaw = "its energy is no number (line \(lines.number))" }
            step?.energy = value
        case .learnedEnergy:
            if let step { steps.leaveOut(step.place, .machineLearned) }
            step = nil
        case .energyWithoutEntropy:
            if let place = lines.text.range(of: "(sigma->0)") {
                step?.energyAtZero = Self.number(after: "=", String(lines.text[place.upperBound...]))
            }
        case .end: hasEnded = true
        }
    }

    mutating func end(into steps: inout RunSteps) throws {
        try finishStep(into: &steps, endsInside: !hasEnded)
    }

    /// `--- Iteration     12(   3)  ---`: both numbers, nil where there are asterisks.
    private static func iteration(_ text: String) -> (ionic: Int?, electronic: Int?) {
        guard let word = text.range(of: "Iteration") else { return (nil, nil) }
        let parts = text[word.upperBound...].split(whereSeparator: { "()".contains($0) })
        func number(_ place: Int) -> Int? {
            parts.indices.contains(place) ? Int(parts[place].trimmingCharacters(in: .whitespaces)) : nil
        }
        return (number(0), number(1))
    }

    /// The first number behind a sign; nil for asterisks.
    private static func number(after sign: Character, _ text: String) -> Double? {
        guard let place = text.firstIndex(of: sign),
            let word = text[text.index(after: place)...].split(whereSeparator: { " ;".contains($0) }).first
        else { return nil }
        let bytes = Array(word.utf8)
        return parseDouble(bytes.span, 0..<bytes.count).flatMap { $0.isFinite ? $0 : nil }
    }

    /// ` total energy-change (2. order) :-0.1E-04  (-0.1E-06)`: the larger of both, eV.
    private static func change(_ text: String) -> Double? {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let bytes = Array(
            text[text.index(after: colon)...].utf8.map { "()".utf8.contains($0) ? UInt8(ascii: " ") : $0 })
        return FortranNumbers.parse(bytes.span, 0..<bytes.count)?.map { abs($0) }.max()
    }

    // MARK: The parts

    private mutating func readCounts(_ lines: LineReader) throws {
        guard let counts = lines.rest(behind: "=").flatMap({ lines.numbers(in: $0) }), !counts.isEmpty,
            counts.allSatisfy({ $0 >= 1 && $0 == $0.rounded() && $0 < 1e7 })
        else { throw FormatProblem("expected the number of atoms of each species, found \"\(lines.text)\"") }
        run.counts = counts.map { Int($0) }
        run.elements = try run.species(of: counts.map { Int($0) })
    }

    private mutating func readLattice(_ lines: inout LineReader) throws {
        var vectors: [SIMD3<Double>] = []
        while vectors.count < 3, try lines.advance() {
            guard let vector = lines.triple() else {
                step?.flaw = "its lattice vectors are no numbers (line \(lines.number))"
                return
            }
            vectors.append(vector)
        }
        guard vectors.count == 3 else { return }
        run.lattice = Matrix3(vectors[0], vectors[1], vectors[2])
    }

    /// kbar in the order xx yy zz xy yz zx.
    private mutating func readStress(_ lines: LineReader, _ rest: Range<Int>) {
        guard let s = lines.numbers(in: rest), s.count == 6
        else {
            step?.flaw = "its stress is no numbers (line \(lines.number))"
            return
        }
        let kilobar = -1 / (10 * Units.gigapascal)
        step?.stress = Matrix3(SIMD3(s[0], s[3], s[5]), SIMD3(s[3], s[1], s[4]), SIMD3(s[5], s[4], s[2])) * kilobar
    }

    /// Positions and forces. A patched VASP has three columns more, the forces without van der Waals.
    private mutating func readTable(_ lines: inout LineReader) throws {
        guard let elements = run.elements else {
            throw FormatProblem("expected \"ions per type\" before the first positions, found none")
        }
        guard try lines.advance() else { return }
        var (positions, forces) = ([SIMD3<Double>](), [SIMD3<Double>]())
        positions.reserveCapacity(elements.count)
        forces.reserveCapacity(elements.count)
        for atom in 1...elements.count {
            guard try lines.advance() else { return }
            guard let (position, force) = lines.twoTriples() else {
                step?.flaw = "the position or force of atom \(atom) is no number (line \(lines.number))"
                return
            }
            positions.append(position)
            forces.append(force)
        }
        step?.positions = positions
        step?.forces = forces
        step?.lattice = run.lattice
    }

    // MARK: Steps

    private mutating func finishStep(into steps: inout RunSteps, endsInside: Bool) throws {
        guard let step else { return }
        self.step = nil
        var whole = RunStep(place: step.place)
        whole.elements = run.elements
        whole.positions = step.positions
        whole.lattice = step.lattice
        whole.energy = step.energy
        whole.forces = step.forces
        whole.stress = step.stress
        whole.flaw = step.flaw
        whole.isCut = endsInside && (step.positions == nil || step.energy == nil)
        whole.isConverged = run.electronicLimit == nil ? nil : true
        if step.isUnconverged || run.endedByLimit(step) { whole.isConverged = false }
        whole.information["ionic_step"] = step.place
        if let energy = step.energyAtZero { whole.information["energy_sigma_to_0"] = "\(energy)" }
        if let charge = run.charge { whole.information[Structure.chargeKeys[0]] = charge }
        try steps.finish(whole)
    }
}
