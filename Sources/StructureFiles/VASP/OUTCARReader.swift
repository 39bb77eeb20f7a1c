import Atoms
import Foundation

/// Reads the ionic steps of an OUTCAR, one after another, as VASP 5 and 6 write it.
///
/// - Energy: `free  energy   TOTEN`, which the forces are derivatives of; `energy(sigma->0)` is kept as information.
/// - Stress: `in kB`, which is positive under pressure, with the sign turned.
/// - A step whose electrons have not converged is no structure, nor is one without positions and forces, or one that
///   the file ends in: `remarks` count and name them. VASP 5 prints "aborting loop because EDIFF is reached" also where
///   NELM ended the loop, so the last changes of the energy are compared with EDIFF.
/// - Steps of a machine-learned force field (`ML TOTEN`) are left out.
/// - Several runs behind each other are read as several runs.
final class OUTCARReader: StructureReader {
    let path: String
    let labels: LabelKeys
    private let use: StructureUse
    private(set) var census = LabelCensus()
    private var lines: LineReader
    private var failure: (any Error)?
    private var isRead = false

    private var run = OUTCARRun()
    private var step: OUTCARStep?
    /// Steps seen, and read, in all runs.
    private var (steps, read, runs) = (0, 0, 0)
    private var leftOut: [VaspStepReason: [String]] = [:]
    /// Whether the last run has said how long it took.
    private var hasEnded = false

    init(_ lines: LineReader, labels: LabelKeys, use: StructureUse) {
        path = lines.path
        self.labels = labels
        self.use = use
        self.lines = lines
    }

    func next() throws -> Structure? {
        if let failure { throw failure }
        do {
            guard let structure = try readStep() else { return nil }
            read += 1
            census.note(structure)
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

    var remarks: [String] { VaspStepReason.remarks(leftOut, of: steps, in: path) }

    func error(_ message: String, line: Int? = nil) -> StructureFileError {
        StructureFileError(file: path, line: line ?? lines.number, message: message)
    }

    // MARK: Lines

    /// The next step that is whole and converged.
    private func readStep() throws -> Structure? {
        guard !isRead else { return nil }
        while try lines.advance() {
            let line = lines.line
            var at = line.lowerBound
            while at < line.upperBound, lines.buffer[at] == UInt8(ascii: " ") { at += 1 }
            guard at < line.upperBound, let words = OUTCARWords(lines.buffer.span, at..<line.upperBound) else {
                continue
            }
            if let finished = try take(words, at) { return finished }
        }
        isRead = true
        try lines.verifyRest()
        if let last = try finishStep(endsInside: !hasEnded) { return last }
        guard read > 0 else { throw error(nothing, line: lines.number) }
        return nil
    }

    /// Why there is nothing in the file.
    private var nothing: String {
        guard run.counts != nil else {
            return
                "expected \"ions per type\", found the end of the file: VASP was ended before it had read its input"
        }
        let reasons = leftOut.sorted { $0.key.rawValue < $1.key.rawValue }.map { reason, places in
            "\(places.count) \(reason.rawValue) (\(VaspStepReason.list(places)))"
        }
        return "expected a whole, converged ionic step, found "
            + (steps == 0 ? "none: the file ends before the first" : "none of \(steps): ")
            + reasons.joined(separator: "; ")
    }

    /// Takes note of a line; hands over the step before it where it begins another.
    private func take(_ word: OUTCARWords, _ start: Int) throws -> Structure? {
        let rest = start..<lines.line.upperBound
        switch word {
        case .version:
            let finished = try finishStep(endsInside: !hasEnded)
            // The same line stands nowhere else.
            run = OUTCARRun()
            runs += 1
            hasEnded = false
            return finished
        case .iteration:
            let (ionic, electronic) = Self.iteration(lines.text)
            if electronic == 1 || step == nil {
                let finished = try finishStep(endsInside: false)
                let number = ionic.map(String.init) ?? "\(steps + 1)"
                step = OUTCARStep(place: runs > 1 ? "\(number) of run \(runs)" : number)
                steps += 1
                return finished
            }
            let count = electronic ?? (step?.electronicSteps ?? 0) + 1
            step?.electronicSteps = count
        case .title: run.note(title: lines.text)
        case .kind: run.note(kind: lines.text)
        case .potcar: run.note(potcar: lines.text)
        case .atoms:
            run.atoms = lines.text.range(of: "NIONS").flatMap {
                Self.number(after: "=", String(lines.text[$0.upperBound...])).map { Int($0) }
            }
        case .counts: try readCounts()
        case .electronicLimit:
            run.electronicLimit = run.electronicLimit ?? Self.number(after: "=", lines.text).map { Int($0) }
        case .electronicAccuracy:
            run.electronicAccuracy = run.electronicAccuracy ?? Self.number(after: "=", lines.text)
        case .valences: run.valences = FortranNumbers.parse(after: "=", lines.text)
        case .electrons: run.electrons = Self.number(after: "=", lines.text)
        case .lattice: try readLattice()
        case .energyChange: step?.lastChange = Self.change(lines.text)
        case .notReached: step?.isUnconverged = true
        case .stress: readStress(rest)
        case .table: try readTable()
        case .energy:
            // Of a number that the file ends in nobody could tell without its unit.
            guard lines.text.contains(" eV") else { break }
            let value = Self.number(after: "=", lines.text)
            if value == nil { step?.flaw = "its energy is no number (line \(lines.number))" }
            step?.energy = value
        case .learnedEnergy:
            if let step { leftOut[.machineLearned, default: []].append(step.place) }
            step = nil
        case .energyWithoutEntropy:
            if let place = lines.text.range(of: "(sigma->0)") {
                step?.energyAtZero = Self.number(after: "=", String(lines.text[place.upperBound...]))
            }
        case .end: hasEnded = true
        }
        return nil
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

    private func readCounts() throws {
        guard let counts = FortranNumbers.parse(after: "=", lines.text), !counts.isEmpty,
            counts.allSatisfy({ $0 >= 1 && $0 == $0.rounded() && $0 < 1e7 })
        else { throw error("expected the number of atoms of each species, found \"\(lines.text)\"") }
        run.counts = counts.map { Int($0) }
        do {
            run.elements = try run.species(of: run.counts!)
        } catch let problem as FormatProblem {
            throw error(problem.message)
        }
    }

    private func readLattice() throws {
        var vectors: [SIMD3<Double>] = []
        while vectors.count < 3, try lines.advance() {
            guard let numbers = FortranNumbers.parse(lines.buffer.span, lines.line), numbers.count >= 3 else {
                step?.flaw = "its lattice vectors are no numbers (line \(lines.number))"
                return
            }
            vectors.append(SIMD3(numbers[0], numbers[1], numbers[2]))
        }
        guard vectors.count == 3 else { return }
        run.lattice = Matrix3(vectors[0], vectors[1], vectors[2])
    }

    /// kbar in the order xx yy zz xy yz zx.
    private func readStress(_ range: Range<Int>) {
        // Behind `in kB`.
        guard let s = FortranNumbers.parse(lines.buffer.span, range.lowerBound + 5..<range.upperBound), s.count == 6
        else {
            step?.flaw = "its stress is no numbers (line \(lines.number))"
            return
        }
        let kilobar = -1 / (10 * Units.gigapascal)
        step?.stress = Matrix3(SIMD3(s[0], s[3], s[5]), SIMD3(s[3], s[1], s[4]), SIMD3(s[5], s[4], s[2])) * kilobar
    }

    /// Positions and forces. A patched VASP has three columns more, the forces without van der Waals.
    private func readTable() throws {
        guard let elements = run.elements else {
            throw error("expected \"ions per type\" before the first positions, found none")
        }
        guard try lines.advance() else { return }
        var (positions, forces) = ([SIMD3<Double>](), [SIMD3<Double>]())
        for atom in 1...elements.count {
            guard try lines.advance() else { return }
            guard let row = FortranNumbers.parse(lines.buffer.span, lines.line, first: 6), row.count >= 6,
                row.allSatisfy({ abs($0) <= CheckedCell.largestCoordinate })
            else {
                step?.flaw = "the position or force of atom \(atom) is no number (line \(lines.number))"
                return
            }
            positions.append(SIMD3(row[0], row[1], row[2]))
            forces.append(SIMD3(row[3], row[4], row[5]))
        }
        step?.positions = positions
        step?.forces = forces
        step?.lattice = run.lattice
    }

    // MARK: Steps

    private func finishStep(endsInside: Bool) throws -> Structure? {
        guard let step else { return nil }
        self.step = nil
        func leaveOut(_ reason: VaspStepReason, _ detail: String? = nil) -> Structure? {
            leftOut[reason, default: []].append(step.place + (detail.map { " (\($0))" } ?? ""))
            return nil
        }
        if let flaw = step.flaw { return leaveOut(.unreadable, flaw) }
        guard let positions = step.positions, let elements = run.elements, let lattice = step.lattice else {
            return leaveOut(endsInside ? .cut : .notPrinted)
        }
        guard let energy = step.energy else { return leaveOut(endsInside ? .cut : .notPrinted) }
        guard !step.isUnconverged, !run.endedByLimit(step) else { return leaveOut(.unconverged) }
        let cell: Cell?
        do {
            cell = try CheckedCell.cell(lattice, periodic: [true, true, true], named: "the lattice vectors")
        } catch let problem as FormatProblem {
            throw error("ionic step \(step.place): \(problem.message)")
        }
        var structure = Structure(elements: elements, positions: positions, cell: cell)
        var coincidences = CoincidenceCheck()
        if let pair = coincidences.firstPair(in: positions, cell: cell) {
            throw error("ionic step \(step.place): \(pair.message)")
        }
        if use == .labels {
            structure.energy = energy
            structure.forces = step.forces
            structure.stress = step.stress
        }
        structure.information["ionic_step"] = step.place
        if let energy = step.energyAtZero { structure.information["energy_sigma_to_0"] = "\(energy)" }
        if let charge = run.charge { structure.information[Structure.chargeKeys[0]] = "\(charge)" }
        return structure
    }
}

extension FortranNumbers {
    /// Numbers behind a sign.
    fileprivate static func parse(after sign: Character, _ text: String) -> [Double]? {
        guard let place = text.firstIndex(of: sign) else { return nil }
        let bytes = Array(text[text.index(after: place)...].utf8)
        return parse(bytes.span, 0..<bytes.count)
    }
}
