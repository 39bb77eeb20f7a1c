import Atoms

/// Steps of an output of ORCA: `CARTESIAN COORDINATES (ANGSTROEM)`, `FINAL SINGLE POINT ENERGY`, `CARTESIAN GRADIENT`.
///
/// - The energy is the final one, with dispersion and everything else that the gradient has; Hartree.
/// - Forces are the negative gradient, Hartree/bohr.
/// - Energies of structures that are not printed, as of numerical frequencies, are left out.
struct ORCAText: RunText {
    static let beginnings: LineBeginnings? = words.beginnings

    private var step: RunStep?
    private var begun = 0
    private var hasEnded = false
    private var hasForces = false
    private var charge: Double?

    private enum Word {
        case version, coordinates, energy, gradient, converged, notConverged, charge, dipole, input, end
    }

    private static let words = LineStarts<Word>([
        "Program Version": .version, "CARTESIAN COORDINATES (ANGSTROEM)": .coordinates,
        "FINAL SINGLE POINT ENERGY": .energy, "CARTESIAN GRADIENT": .gradient, "Total Charge": .charge,
        "Total Dipole Moment": .dipole, "ORCA TERMINATED NORMALLY": .end, "****ORCA TERMINATED NORMALLY": .end,
        "*           SCF CONVERGED": .converged, "SCF NOT CONVERGED": .notConverged,
        "This wavefunction IS NOT CONVERGED": .notConverged, "The wavefunction IS NOT YET CONVERGED": .notConverged,
        "ORCA finished by error": .notConverged, "*        SCF NOT CONVERGED": .notConverged, "|  ": .input,
    ])

    mutating func take(_ lines: inout LineReader, into steps: inout RunSteps) throws {
        guard let (word, rest) = Self.words.find(in: lines) else { return }
        switch word {
        case .version:
            try finish(into: &steps)
            steps.beginRun()
            (hasEnded, hasForces, charge) = (false, false, nil)
            steps.method.code = lines.words(in: rest).first.map { "ORCA \($0)" }
        case .input:
            // `|  1> ! B3LYP def2-SVP`
            let text = lines.text
            if let mark = text.range(of: "> !") {
                let keywords = String(text[mark.upperBound...]).trimmedOfBlanks
                steps.method.functional = [steps.method.functional, keywords].compactMap(\.self).joined(
                    separator: " ")
            }
        case .coordinates:
            try finish(into: &steps)
            try readCoordinates(&lines, &steps)
        case .energy:
            if step?.energy != nil || step == nil {
                try finish(into: &steps)
                step = makeStep(&steps)
            }
            let words = lines.words(in: rest)
            // Without its end nobody could tell whether the number is whole.
            guard let number = words.first.flatMap({ Double($0) }) else {
                step?.flaw = "its energy is no number (line \(lines.number))"
                break
            }
            if lines.contains("not fully converged") { step?.isConverged = false }
            if try lines.isFollowed() { step?.energy = number * Units.hartree }
        case .gradient: try readGradient(&lines)
        case .converged: if step?.isConverged == nil { step?.isConverged = true }
        case .notConverged: if step?.energy == nil { step?.isConverged = false }
        case .charge: charge = lines.words(in: rest).last.flatMap { Double($0) }
        case .dipole:
            if let rest = lines.rest(behind: ":"), let dipole = lines.triple(in: rest), charge == 0,
                step?.energy != nil
            {
                step?.properties[.dipole] = [dipole.x, dipole.y, dipole.z].map { $0 * Units.bohr }
            }
        case .end: hasEnded = true
        }
    }

    mutating func end(into steps: inout RunSteps) throws { try finish(into: &steps) }

    private mutating func makeStep(_ steps: inout RunSteps) -> RunStep {
        begun += 1
        return RunStep(place: steps.place("\(begun)"))
    }

    private mutating func readCoordinates(_ lines: inout LineReader, _ steps: inout RunSteps) throws {
        var step = makeStep(&steps)
        var (elements, positions) = ([Element](), [SIMD3<Double>]())
        guard try lines.advance() else { return }
        while try lines.advance(), !lines.isBlank {
            var at = lines.line.lowerBound
            guard let element = lines.nextLabel(&at), let position = lines.nextVector(&at),
                lines.nextWordRange(&at) == nil
            else {
                step.flaw = "atom \(elements.count + 1) is none, or its position no number (line \(lines.number))"
                break
            }
            elements.append(element)
            positions.append(position)
        }
        (step.elements, step.positions) = (elements, positions)
        self.step = step
    }

    /// `   1   C   :   -0.065871364   -0.000000000    0.000000001`
    private mutating func readGradient(_ lines: inout LineReader) throws {
        guard let count = step?.elements?.count else { return }
        var forces: [SIMD3<Double>] = []
        while forces.count < count, try lines.advance() {
            guard let rest = lines.rest(behind: ":") else {
                // Dashes and a blank line come first.
                if forces.isEmpty, lines.isBlank || lines.begins(with: "---") { continue }
                break
            }
            guard let gradient = lines.triple(in: rest) else {
                step?.flaw = "the gradient of atom \(forces.count + 1) is no number (line \(lines.number))"
                return
            }
            forces.append(gradient * -(Units.hartree / Units.bohr))
        }
        guard forces.count == count, try lines.isFollowed() else { return }
        step?.forces = forces
        hasForces = true
    }

    private mutating func finish(into steps: inout RunSteps) throws {
        guard var step else { return }
        self.step = nil
        if step.energy == nil, step.isConverged == nil, hasEnded { return }
        step.isCut = !hasEnded && (step.energy == nil || hasForces && step.forces == nil) && step.isConverged != false
        if step.isConverged == false, step.energy == nil { return steps.leaveOut(step.place, .unconverged) }
        // The head states it behind the first coordinates.
        if let charge, charge != 0 { step.information[Structure.chargeKeys[0]] = "\(charge)" }
        try steps.finish(step)
    }
}
