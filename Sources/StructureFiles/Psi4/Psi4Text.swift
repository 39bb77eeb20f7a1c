import Atoms

/// Steps of an output of Psi4: `Geometry (in Angstrom)`, `Total Energy`, `-Total Gradient:`.
///
/// - A structure is printed by every module; the energy is the last total energy before the gradient.
/// - Forces are the negative of what stands under `-Total Gradient:`, which is the gradient in Hartree/bohr.
/// - Energies without gradient are structures only where a run has no gradients at all (`EnergyOnlySteps`).
struct Psi4Text: RunText {
    static let beginnings: LineBeginnings? = words.beginnings

    private var step: RunStep?
    private var geometry: (elements: [Element], positions: [SIMD3<Double>], charge: Double)?
    private var energies = EnergyOnlySteps()
    private var begun = 0
    private var hasForces = false
    private var hasEnded = false
    private var dipole: [Double] = []

    private enum Word { case version, geometry, energy, method, gradient, failed, functional, dipole, end }

    private static let words = LineStarts<Word>([
        "Psi4 1": .version, "Psi4 0": .version, "Psi4 2": .version, "Geometry (in Angstrom)": .geometry,
        "Geometry (in Bohr)": .geometry, "Total Energy  ": .energy, "Total Energy =": .energy,
        "* ": .method, "-Total Gradient:": .gradient, "-Total gradient:": .gradient,
        "Could not converge": .failed, "Failed to converge": .failed, "PsiException: Could not converge": .failed,
        "=> Composite Functional:": .functional, "Dipole X ": .dipole, "Dipole Y ": .dipole, "Dipole Z ": .dipole,
        "*** Psi4 exiting": .end, "Psi4 exiting successfully": .end, "Psi4 stopped on": .end,
    ])

    mutating func take(_ lines: inout LineReader, into steps: inout RunSteps) throws {
        guard let (word, rest) = Self.words.find(in: lines) else { return }
        switch word {
        case .version:
            // `Psi4 1.7 release`; other lines begin so too.
            guard lines.contains("release") || lines.contains("Driver") || lines.words().count <= 3 else { return }
            if steps.method.code == nil { steps.method.code = lines.words().prefix(2).joined(separator: " ") }
        case .geometry:
            if step?.forces != nil { try finish(into: &steps) }
            try readGeometry(&lines, &steps)
        case .energy:
            guard let number = lines.number(behind: "=") else { return }
            if step == nil || step?.forces != nil {
                try finish(into: &steps)
                step = makeStep(&steps)
            }
            step?.energy = try lines.isFollowed() ? number * Units.hartree : nil
            if step?.isConverged == nil { step?.isConverged = true }
        case .method:
            // `* CCSD(T) total energy      =  -76.2`
            guard lines.contains("total energy"), let number = lines.number(behind: "="), step?.energy != nil else {
                return
            }
            step?.energy = try lines.isFollowed() ? number * Units.hartree : nil
        case .gradient: try readGradient(&lines)
        case .failed:
            if step == nil { step = makeStep(&steps) }
            step?.isConverged = false
        case .functional:
            if steps.method.functional == nil {
                steps.method.functional = lines.words(in: rest).first.map(String.init)
            }
        case .dipole: note(dipole: lines)
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
        if let geometry {
            (step.elements, step.positions) = (geometry.elements, geometry.positions)
            if geometry.charge != 0 { step.information[Structure.chargeKeys[0]] = "\(geometry.charge)" }
        }
        return step
    }

    /// `         C           -1.415253322400     0.230221785400     0.000000000000    12.000000000000`
    private mutating func readGeometry(_ lines: inout LineReader, _ steps: inout RunSteps) throws {
        let factor = lines.contains("Angstrom") ? 1 : Units.bohr
        let charge = lines.number(behind: "=") ?? 0
        var (elements, positions) = ([Element](), [SIMD3<Double>]())
        var hasHead = false
        while try lines.advance() {
            if lines.begins(with: "----") {
                hasHead = true
            } else if hasHead {
                if lines.isBlank { break }
                var at = lines.line.lowerBound
                guard let element = lines.nextLabel(&at), let position = lines.nextVector(&at) else { return }
                elements.append(element)
                positions.append(position * factor)
            }
        }
        guard !elements.isEmpty else { return }
        // The same structure once more, by another module, or the next one.
        if let geometry, geometry.elements == elements, geometry.positions == positions { return }
        if step?.energy != nil || step?.isConverged == false { try finish(into: &steps) }
        geometry = (elements, positions, charge)
        step = nil
    }

    private mutating func readGradient(_ lines: inout LineReader) throws {
        guard let count = step?.elements?.count else { return }
        var forces: [SIMD3<Double>] = []
        while forces.count < count, try lines.advance() {
            let words = lines.words()
            guard let first = words.first, Int(first) != nil else {
                // A title and dashes come first.
                if forces.isEmpty { continue }
                break
            }
            guard let numbers = lines.numbers(), numbers.count == 4 else {
                step?.flaw = "the gradient of atom \(forces.count + 1) cannot be read (line \(lines.number))"
                return
            }
            forces.append(SIMD3(numbers[1], numbers[2], numbers[3]) * -(Units.hartree / Units.bohr))
        }
        guard forces.count == count, try lines.isFollowed() else { return }
        step?.forces = forces
        hasForces = true
    }

    /// ` Dipole X            :          0.0000000            0.0000000            0.0000000`, in atomic units:
    /// electrons, nuclei, both.
    private mutating func note(dipole lines: LineReader) {
        guard let rest = lines.rest(behind: ":"), let numbers = lines.numbers(in: rest), numbers.count == 3 else {
            return
        }
        if lines.begins(with: "Dipole X") { dipole = [] }
        dipole.append(numbers[2] * Units.bohr)
        if dipole.count == 3, geometry?.charge == 0, step?.energy != nil { step?.properties[.dipole] = dipole }
    }

    private mutating func finish(into steps: inout RunSteps) throws {
        guard var step else { return }
        self.step = nil
        if step.isConverged == false, step.forces == nil { return steps.leaveOut(step.place, .unconverged) }
        step.isCut = !hasEnded && hasForces && step.forces == nil
        try energies.finish(step, into: &steps)
    }
}
