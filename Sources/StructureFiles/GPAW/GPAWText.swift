import Atoms

/// Steps of a text output of GPAW, in eV and Å.
///
/// The energy is the free energy, whose derivatives the forces are, or, where a dispersion correction is printed behind
/// it, the one with the correction; `Extrapolated` to zero width of the smearing is kept beside.
struct GPAWText: RunText {
    static let beginnings: LineBeginnings? = words.beginnings

    private var step: RunStep?
    private var begun = 0
    private var hasForces = false
    private var hasEnded = false
    private var charge: Double?

    private enum Word {
        case banner, positions, cell, converged, notConverged, free, extrapolated, corrected, forces, stress, dipole,
            charge, functional, end
    }

    private static let words = LineStarts<Word>([
        "|__ |  _|___|_____|": .banner, "Positions:": .positions, "Unit cell:": .cell, "Unit Cell:": .cell,
        "Converged after": .converged, "Converged in": .converged, "Did not converge": .notConverged,
        "Free energy:": .free, "Free Energy:": .free, "Extrapolated:": .extrapolated, "Zero Kelvin:": .extrapolated,
        "Energy:": .corrected, "Forces in eV/Ang:": .forces, "Stress tensor:": .stress, "Dipole moment:": .dipole,
        "Dipole Moment:": .dipole, "Total Charge:": .charge, "Total charge:": .charge,
        "Using the ": .functional, "Timing:": .end,
    ])

    mutating func take(_ lines: inout LineReader, into steps: inout RunSteps) throws {
        guard let (word, rest) = Self.words.find(in: lines) else { return }
        switch word {
        case .banner:
            try finish(into: &steps)
            steps.beginRun()
            (hasEnded, hasForces, charge) = (false, false, nil)
            steps.method.code = lines.words(in: rest).first.map { "GPAW \($0)" }
        case .positions:
            try finish(into: &steps)
            begun += 1
            step = RunStep(place: steps.place("\(begun)"))
            if let charge, charge != 0 { step?.information[Structure.chargeKeys[0]] = "\(charge)" }
            try readPositions(&lines)
        case .cell: try readCell(&lines)
        case .converged: step?.isConverged = true
        case .notConverged: step?.isConverged = false
        case .free:
            let energy = lines.number(behind: ":")
            step?.energy = try lines.isFollowed() ? energy : nil
        case .extrapolated:
            guard let number = lines.number(behind: ":") else { break }
            if step?.energy == nil { step?.energy = number }
            step?.information["energy_sigma_to_0"] = "\(number)"
        case .corrected:
            if step?.energy != nil, let number = lines.number(behind: ":") {
                step?.energy = try lines.isFollowed() ? number : nil
            }
        case .forces: try readForces(&lines)
        case .stress: try readStress(&lines)
        case .dipole:
            let text = lines.text.filter { !"(),".contains($0) }.split(separator: ":").last ?? ""
            let numbers = text.split(separator: " ").prefix(3).compactMap { Double($0) }
            if numbers.count == 3, charge ?? 0 == 0, step?.periodic.contains(true) == false {
                step?.properties[.dipole] = numbers
            }
        case .charge: charge = lines.number(behind: ":")
        case .functional:
            if lines.contains("Exchange-Correlation functional") {
                steps.method.functional = lines.words(in: rest).first.map(String.init)
            }
        case .end: hasEnded = true
        }
    }

    mutating func end(into steps: inout RunSteps) throws { try finish(into: &steps) }

    /// `   0 H      3.000000    3.000000    3.737166    ( 0.0000,  0.0000,  0.0000)`
    private mutating func readPositions(_ lines: inout LineReader) throws {
        var (elements, positions) = ([Element](), [SIMD3<Double>]())
        while try lines.advance(), !lines.isBlank {
            var at = lines.line.lowerBound
            guard lines.nextInteger(&at) == elements.count, let element = lines.nextLabel(&at),
                let position = lines.nextVector(&at)
            else {
                step?.flaw = "atom \(elements.count) is none, or its position no number (line \(lines.number))"
                return
            }
            elements.append(element)
            positions.append(position)
        }
        step?.elements = elements
        step?.positions = positions
    }

    /// `  1. axis:    no     6.000000    0.000000    0.000000    28     0.2143`
    private mutating func readCell(_ lines: inout LineReader) throws {
        var (vectors, periodic) = ([SIMD3<Double>](), [Bool]())
        while vectors.count < 3, try lines.advance() {
            guard lines.contains("axis:") else {
                if lines.isBlank, !vectors.isEmpty { break }
                continue
            }
            let words = lines.words()
            guard words.count >= 6, let x = Double(words[3]), let y = Double(words[4]), let z = Double(words[5]),
                ["yes", "no"].contains(words[2])
            else {
                step?.flaw = "its unit cell cannot be read (line \(lines.number))"
                return
            }
            vectors.append(SIMD3(x, y, z))
            periodic.append(words[2] == "yes")
        }
        guard vectors.count == 3 else { return }
        step?.lattice = Matrix3(vectors[0], vectors[1], vectors[2])
        step?.periodic = periodic
    }

    /// `  0 H     0.00000    0.00000    0.44504`
    private mutating func readForces(_ lines: inout LineReader) throws {
        guard let count = step?.elements?.count else { return }
        var forces: [SIMD3<Double>] = []
        while forces.count < count, try lines.advance() {
            var at = lines.line.lowerBound
            guard lines.nextInteger(&at) == forces.count, lines.nextWordRange(&at) != nil,
                let force = lines.nextVector(&at)
            else {
                if !lines.isBlank {
                    step?.flaw = "the force on atom \(forces.count) is no number (line \(lines.number))"
                }
                return
            }
            forces.append(force)
        }
        guard forces.count == count, try lines.isFollowed() else { return }
        step?.forces = forces
        hasForces = true
    }

    private mutating func readStress(_ lines: inout LineReader) throws {
        var rows: [SIMD3<Double>] = []
        while rows.count < 3, try lines.advance() {
            guard let row = lines.triple() else {
                step?.flaw = "its stress is no numbers (line \(lines.number))"
                return
            }
            rows.append(row)
        }
        if rows.count == 3 { step?.stress = Matrix3(rows[0], rows[1], rows[2]) }
    }

    private mutating func finish(into steps: inout RunSteps) throws {
        guard var step else { return }
        self.step = nil
        step.isCut = !hasEnded && (step.energy == nil || hasForces && step.forces == nil) && step.isConverged != false
        if step.isConverged == false, step.energy == nil { return steps.leaveOut(step.place, .unconverged) }
        try steps.finish(step)
    }
}
