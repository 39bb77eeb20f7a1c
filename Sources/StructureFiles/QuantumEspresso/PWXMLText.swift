import Atoms

/// The steps of an XML file of pw.x, in Hartree atomic units.
///
/// - Energy: `etot`, with smearing F = E − TS, which the forces are derivatives of.
/// - Stress: positive under pressure, with the sign turned.
/// - `<output>` repeats energy and forces of the last `<step>` of a relaxation, unless a calculation with another basis
///   followed, and perhaps beside positions that were to come next: with the same energy it is no step.
/// - Forces along fixed directions are zero here, and not in the text that pw.x prints.
struct PWXMLText: RunText {
    static let takesUnfinishedLine = true
    private let content = PWXMLContent()
    private let parser: XMLPushParser
    /// Of the last step, hartree.
    private var last: Double?
    private var isBegun = false

    init() { parser = XMLPushParser(content) }

    mutating func take(_ lines: inout LineReader, into steps: inout RunSteps) throws {
        if !isBegun {
            steps.beginRun()
            isBegun = true
        }
        try parser.take(lineOf: lines)
        while let step = content.takeStep() { try finish(step, into: &steps) }
    }

    mutating func end(into steps: inout RunSteps) throws {
        if content.endsInside { steps.leaveOut("\(content.stepsBegun)", .cut) }
    }

    private mutating func finish(_ step: PWXMLContent.Step, into steps: inout RunSteps) throws {
        if let units = content.units, !units.contains("Hartree") {
            throw FormatProblem("expected Hartree atomic units, found \"\(units)\"")
        }
        if step.isFinal, let last, last == step.energy { return }
        last = step.energy
        var whole = RunStep(place: "\(step.number)")
        whole.flaw = step.flaw
        if !step.places.isEmpty, let count = step.atoms {
            guard count == step.places.count else {
                throw FormatProblem("expected \(count) atoms in step \(step.number), found \(step.places.count)")
            }
            whole.positions = step.places.map { $0 * Units.bohr }
            if let mask = content.moveMask, mask.count == count { whole.moveMask = mask }
            whole.elements = try step.names.map { name in
                guard let element = Element(label: name) else {
                    throw FormatProblem("expected the symbol of an element, found \"\(name)\"")
                }
                return element
            }
        }
        if step.axes.count == 3 { whole.lattice = Matrix3(step.axes[0], step.axes[1], step.axes[2]) * Units.bohr }
        whole.energy = step.energy.map { $0 * Units.hartree }
        whole.forces = step.forces?.map { $0 * Units.hartreePerBohr }
        if let s = step.stress, s.count == 3 {
            whole.stress = Matrix3(s[0], s[1], s[2]) * -Units.hartreePerCubicBohr
        }
        whole.isConverged = step.isConverged
        if let charge = content.charge { whole.information[Structure.chargeKeys[0]] = charge }
        if let moment = step.magnetization { whole.information["total_magnetization"] = moment }
        steps.method = content.method
        try steps.finish(whole)
    }
}
