import Atoms

/// Steps of an output of NWChem: `Total DFT energy`, `DFT ENERGY GRADIENTS`.
///
/// - The table of gradients has the coordinates they belong to, in bohr, so that steps of molecular dynamics, whose
///   structures are printed nowhere else, can be read. Forces are the negative gradient.
/// - The energy is the last total energy before the gradient: of several methods that of the highest.
/// - Energies without gradient are structures only where a run has no gradients at all (`EnergyOnlySteps`).
struct NWChemText: RunText {
    static let beginnings: LineBeginnings? = words.beginnings

    private var step: RunStep?
    /// The last structure printed as such, until an energy was printed for it.
    private var geometry: (elements: [Element], positions: [SIMD3<Double>])?
    private var energies = EnergyOnlySteps()
    private var begun = 0
    private var hasEnded = false
    private var charge: Double?

    private enum Word { case version, geometry, energy, gradient, failed, charge, functional, end }

    private static let words = LineStarts<Word>([
        "Northwest Computational Chemistry Package (NWChem)": .version, "Output coordinates in": .geometry,
        "Total DFT energy": .energy, "Total SCF energy": .energy, "Total MP2 energy": .energy,
        "Total CCSD energy": .energy, "Total CCSD(T) energy": .energy, "Total SCS-MP2 energy": .energy,
        "DFT ENERGY GRADIENTS": .gradient, "RHF ENERGY GRADIENTS": .gradient, "UHF ENERGY GRADIENTS": .gradient,
        "ROHF ENERGY GRADIENTS": .gradient, "mp2 ENERGY GRADIENTS": .gradient, "MP2 ENERGY GRADIENTS": .gradient,
        "Calculation failed to converge": .failed, "Charge           :": .charge,
        "XC Information": .functional, "Total times  cpu": .end,
    ])

    mutating func take(_ lines: inout LineReader, into steps: inout RunSteps) throws {
        guard let (word, rest) = Self.words.find(in: lines) else { return }
        switch word {
        case .version:
            try finish(into: &steps)
            try energies.endRun(into: &steps)
            steps.beginRun()
            (hasEnded, charge, geometry) = (false, nil, nil)
            steps.method.code = lines.words(in: rest).first.map { "NWChem \($0)" }
        case .geometry:
            try finish(into: &steps)
            try readGeometry(&lines)
        case .energy:
            // A method that builds on another prints its energy behind it, of the same structure.
            if step?.forces != nil || step?.energy != nil && lines.begins(with: "Total DFT") {
                try finish(into: &steps)
            }
            if step == nil { step = makeStep(&steps) }
            guard
                let number = (lines.rest(behind: "=") ?? lines.rest(behind: ":")).flatMap({
                    lines.numbers(in: $0, first: 1)?.first
                })
            else {
                step?.flaw = "its energy is no number (line \(lines.number))"
                break
            }
            step?.energy = try lines.isFollowed() ? number * Units.hartree : nil
        case .gradient: try readGradient(&lines)
        case .failed:
            if step == nil { step = makeStep(&steps) }
            step?.isConverged = false
        case .charge: charge = lines.number(behind: ":")
        case .functional:
            // A line of dashes, then the functional.
            if try lines.advance(), try lines.advance() { steps.method.functional = lines.text.trimmedOfBlanks }
        case .end: hasEnded = true
        }
    }

    mutating func end(into steps: inout RunSteps) throws {
        try finish(into: &steps)
        try energies.endRun(into: &steps)
    }

    private mutating func makeStep(_ steps: inout RunSteps) -> RunStep {
        begun += 1
        var step = RunStep(place: steps.place("\(begun)"))
        (step.elements, step.positions) = (geometry?.elements, geometry?.positions)
        if let charge, charge != 0 { step.information[Structure.chargeKeys[0]] = "\(charge)" }
        geometry = nil
        return step
    }

    /// `    1 O                    8.0000     0.00000000     0.00000000    -0.14142136`
    private mutating func readGeometry(_ lines: inout LineReader) throws {
        let factor = lines.contains("angstrom") ? 1 : lines.contains("a.u.") ? Units.bohr : nil
        var (elements, positions) = ([Element](), [SIMD3<Double>]())
        var hasHead = false
        geometry = nil
        while try lines.advance() {
            if lines.begins(with: "----") {
                hasHead = true
            } else if hasHead {
                if lines.isBlank { break }
                var at = lines.line.lowerBound
                guard lines.nextWordRange(&at) != nil, let element = lines.nextLabel(&at),
                    lines.nextWordRange(&at) != nil, let position = lines.nextVector(&at),
                    lines.nextWordRange(&at) == nil
                else { return }
                elements.append(element)
                positions.append(position)
            }
        }
        if let factor, !elements.isEmpty { geometry = (elements, positions.map { $0 * factor }) }
    }

    /// `   1 O       0.000000  -0.031796   0.214335    0.000000   0.003514  -0.023728`
    private mutating func readGradient(_ lines: inout LineReader) throws {
        var (elements, positions, forces) = ([Element](), [SIMD3<Double>](), [SIMD3<Double>]())
        let line = lines.number
        while try lines.advance() {
            if lines.isBlank {
                if elements.isEmpty { continue }
                break
            }
            var at = lines.line.lowerBound
            guard lines.nextInteger(&at) != nil else {
                // Two lines of titles come first.
                if elements.isEmpty { continue }
                break
            }
            guard let element = lines.nextLabel(&at),
                let numbers = lines.numbers(in: at..<lines.line.upperBound), numbers.count == 6
            else {
                step?.flaw = "the gradient of atom \(elements.count + 1) cannot be read (line \(lines.number))"
                return
            }
            elements.append(element)
            positions.append(SIMD3(numbers[0], numbers[1], numbers[2]) * Units.bohr)
            forces.append(SIMD3(numbers[3], numbers[4], numbers[5]) * -(Units.hartree / Units.bohr))
        }
        if let known = step?.elements, known.count != elements.count {
            step?.flaw = "its table of gradients has \(elements.count) of \(known.count) atoms (line \(line))"
            return
        }
        step?.elements = elements
        step?.positions = positions
        step?.forces = forces
    }

    private mutating func finish(into steps: inout RunSteps) throws {
        guard let step else { return }
        self.step = nil
        if step.isConverged == false, step.forces == nil { return steps.leaveOut(step.place, .unconverged) }
        try energies.finish(step, into: &steps)
    }
}
