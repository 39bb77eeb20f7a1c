import Atoms

/// Steps of an output of Gaussian: an orientation, `SCF Done`, `Forces (Hartrees/Bohr)`.
///
/// - Forces are printed as forces, in the input orientation. A step whose input orientation is not printed is left out:
///   beside the standard orientation they would be wrong by a rotation.
/// - The energy is that of `SCF Done`, or the one of the method above it that is printed behind it (MP2, double
///   hybrids, coupled clusters, time-dependent, ONIOM).
struct GaussianText: RunText {
    private var step: RunStep?
    /// Of the present step, as the standard orientation has it, which may order atoms otherwise.
    private var standard: (elements: [Element], positions: [SIMD3<Double>])?
    private var hasInput = false
    private var begun = 0
    private var hasEnded = false
    private var hasForces = false
    private var isUnconverged = false
    private var charge: Double?
    private var isInRoute = false

    private enum Word {
        case start, version, charge, input, standard, energy, double, correlated, excited, layered, forces,
            notMet, failure, end
    }

    private static let words = LineStarts<Word>([
        "Entering Gaussian System": .start, "Gaussian 0": .version, "Gaussian 1": .version,
        "Charge =": .charge, "Input orientation:": .input, "Z-Matrix orientation:": .input,
        "Standard orientation:": .standard, "SCF Done:": .energy, "E2 =": .double, "E2(": .double,
        "CCSD(T)=": .correlated, "DE(Corr)=": .correlated, "QCISD(T)=": .correlated,
        "Total Energy, E(TD-HF/TD-": .excited, "Total Energy, E(CIS": .excited,
        "ONIOM: extrapolated energy": .layered, "Center     Atomic                   Forces (Hartrees/Bohr)": .forces,
        ">>>>>>>>>> Convergence criterion not met": .notMet, "Convergence failure": .failure,
        "Normal termination": .end,
    ])

    mutating func take(_ lines: inout LineReader, into steps: inout RunSteps) throws {
        if isRoute(lines) {
            note(route: lines, &steps)
            return
        }
        guard let (word, _) = Self.words.find(in: lines) else { return }
        switch word {
        case .start:
            try finish(into: &steps)
            steps.beginRun()
            (hasEnded, hasForces, charge, isUnconverged) = (false, false, nil, false)
        case .version:
            if steps.method.code == nil {
                steps.method.code = lines.words().prefix(2).joined(separator: " ").replacing(":", with: "").replacing(
                    ",", with: "")
            }
        case .charge: charge = charge ?? lines.number(behind: "=")
        case .input:
            if step?.energy != nil || hasInput { try finish(into: &steps) }
            try readOrientation(&lines, isInput: true, &steps)
        case .standard:
            if step?.energy != nil { try finish(into: &steps) }
            try readOrientation(&lines, isInput: false, &steps)
        case .energy:
            if step == nil || step?.forces != nil {
                try finish(into: &steps)
                step = makeStep(&steps)
            }
            // Without its unit the number may be cut.
            if lines.contains("A.U.") {
                take(energy: lines.rest(behind: "=").flatMap { lines.words(in: $0).first }, lines.number)
            }
            step?.isConverged = !isUnconverged
            isUnconverged = false
        case .double, .correlated, .excited, .layered:
            // The last of the line: `E2 = -0.2D+00 EUMP2 = -0.76D+02`.
            let (word, number) = (lines.text.split(separator: "=").last?.split(separator: " ").first, lines.number)
            if try lines.isFollowed() { take(energy: word, number) } else { step?.energy = nil }
        case .forces: try readForces(&lines)
        case .notMet: isUnconverged = true
        case .failure: step?.isConverged = false
        case .end: hasEnded = true
        }
    }

    mutating func end(into steps: inout RunSteps) throws { try finish(into: &steps) }

    private mutating func makeStep(_ steps: inout RunSteps) -> RunStep {
        begun += 1
        var step = RunStep(place: steps.place("\(begun)"))
        if let charge, charge != 0 { step.information[Structure.chargeKeys[0]] = "\(charge)" }
        return step
    }

    private mutating func take(energy word: Substring?, _ line: Int) {
        let bytes = Array((word ?? "").utf8)
        guard let number = parseDouble(bytes.span, 0..<bytes.count) else {
            step?.flaw = "its energy is no number (line \(line))"
            return
        }
        step?.energy = number * Units.hartree
    }

    /// `#p b3lyp/6-31g(d) opt`, and what follows until dashes.
    private func isRoute(_ lines: LineReader) -> Bool { isInRoute || lines.begins(with: "#") }

    private mutating func note(route lines: LineReader, _ steps: inout RunSteps) {
        if lines.begins(with: "---") {
            isInRoute = false
            return
        }
        if !isInRoute, steps.method.functional != nil { return }
        steps.method.functional = (steps.method.functional ?? "") + lines.text.trimmedOfBlanks
        isInRoute = (steps.method.functional?.count ?? 0) < 2000
    }

    // MARK: Tables

    /// Rows of numbers between lines of dashes, of which so many come before.
    private func readTable(_ lines: inout LineReader, dashes: Int, width: Int) throws -> [[Double]]? {
        var (seen, rows) = (0, [[Double]]())
        while try lines.advance() {
            if lines.begins(with: "-----") {
                seen += 1
                if seen > dashes { return rows }
                continue
            }
            guard seen == dashes else { continue }
            guard let numbers = lines.numbers(), numbers.count == width else { return nil }
            rows.append(numbers)
        }
        return nil
    }

    private mutating func readOrientation(_ lines: inout LineReader, isInput: Bool, _ steps: inout RunSteps) throws {
        let line = lines.number
        if step == nil || (isInput && step?.positions == nil && standard != nil && step?.energy != nil) {
            step = makeStep(&steps)
            (standard, hasInput) = (nil, false)
        }
        guard let rows = try readTable(&lines, dashes: 2, width: 6) else {
            step?.flaw = "its orientation cannot be read (line \(line))"
            return
        }
        let elements = rows.compactMap { Int(exactly: $0[1]).flatMap { Element(atomicNumber: $0) } }
        guard elements.count == rows.count else {
            step?.flaw = "an atom of its orientation is none (line \(line))"
            return
        }
        let positions = rows.map { SIMD3($0[3], $0[4], $0[5]) }
        if isInput {
            hasInput = true
            step?.elements = elements
            step?.positions = positions
        } else {
            standard = (elements, positions)
        }
    }

    private mutating func readForces(_ lines: inout LineReader) throws {
        let line = lines.number
        guard let rows = try readTable(&lines, dashes: 1, width: 5) else {
            // Where the file ends inside, the step is cut.
            if try lines.advance() { step?.flaw = "its forces cannot be read (line \(line))" }
            return
        }
        step?.forces = rows.map { SIMD3($0[2], $0[3], $0[4]) * (Units.hartree / Units.bohr) }
        hasForces = true
    }

    private mutating func finish(into steps: inout RunSteps) throws {
        guard var step else { return }
        let standard = standard
        (self.step, self.standard, hasInput) = (nil, nil, false)
        // The last structure is printed once more at the end of an optimisation.
        if step.energy == nil, step.flaw == nil {
            if !hasEnded { steps.leaveOut(step.place, isUnconverged ? .unconverged : .cut) }
            return
        }
        if step.positions == nil, let standard {
            guard step.forces == nil else {
                return steps.leaveOut(
                    step.place, .notPrinted,
                    "its forces are in the input orientation, which is not printed, and not in the standard orientation: add geom=PrintInputOrient to the route"
                )
            }
            (step.elements, step.positions) = (standard.elements, standard.positions)
        }
        step.isCut = !hasEnded && hasForces && step.forces == nil
        try steps.finish(step)
    }
}
