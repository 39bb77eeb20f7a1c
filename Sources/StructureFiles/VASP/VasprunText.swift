import Atoms
import Foundation

/// The ionic steps of a vasprun.xml.
///
/// - Energy: `e_fr_energy` of the step, the free energy, which the forces are derivatives of. The `e_0_energy` beside
///   it is wrong in many versions of VASP; that of the last electronic step is kept as information.
/// - Stress: in kB, positive under pressure, with the sign turned.
/// - A step of as many electronic steps as NELM allows is no structure: nothing else says that its electrons have
///   converged. Nor is one without electronic steps (of a machine-learned force field), one whose numbers are none, or
///   the one that the file ends in.
struct VasprunText: RunText {
    static let takesUnfinishedLine = true
    static let step = "ionic step"

    private let content = VasprunContent()
    private let parser: XMLPushParser

    init() { parser = XMLPushParser(content) }

    mutating func take(_ lines: inout LineReader, into steps: inout RunSteps) throws {
        try parser.take(lineOf: lines)
        while let step = content.takeStep() { try finish(step, into: &steps) }
    }

    mutating func end(into steps: inout RunSteps) throws {
        if let step = content.stepThatTheFileEndsIn { steps.leaveOut("\(step)", .cut) }
    }

    private func finish(_ step: VasprunContent.Step, into steps: inout RunSteps) throws {
        var whole = RunStep(place: "\(step.number)")
        whole.flaw = step.flaw
        whole.isMachineLearned = step.electronicSteps == 0
        whole.energy = step.energy
        whole.forces = step.forces
        whole.needsForces = true
        if let basis = step.basis, basis.count == 3, let fractions = step.positions {
            let lattice = Matrix3(basis[0], basis[1], basis[2])
            whole.lattice = lattice
            whole.positions = fractions.map { $0 * lattice }
            whole.elements = try content.elements()
            if content.flags.count == fractions.count {
                whole.moveMask = SelectiveDynamics.moveMask(content.flags, in: lattice).mask
            }
        }
        if let stress = step.stress, stress.count == 3 {
            whole.stress = Matrix3(stress[0], stress[1], stress[2]) * (-1 / (10 * Units.gigapascal))
        }
        if let limit = content.electronicLimit { whole.isConverged = step.electronicSteps < limit }
        whole.information["ionic_step"] = "\(step.number)"
        if let energy = step.energyAtZero { whole.information["energy_sigma_to_0"] = "\(energy)" }
        if let charge = content.charge { whole.information[Structure.chargeKeys[0]] = charge }
        steps.method = content.method
        try steps.finish(whole)
    }
}
