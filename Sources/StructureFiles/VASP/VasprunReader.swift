import Atoms
import Foundation

/// Reads the ionic steps of a vasprun.xml, one after another.
///
/// - Energy: `e_fr_energy` of the step, the free energy, which the forces are derivatives of. The `e_0_energy` beside
///   it is wrong in many versions of VASP; that of the last electronic step is kept as information.
/// - Stress: in kB, positive under pressure, with the sign turned.
/// - A step of as many electronic steps as NELM allows is no structure: nothing else says that its electrons have
///   converged. Nor is one without electronic steps (of a machine-learned force field), one whose numbers are none, or
///   the one that the file ends in: `remarks` count and name them.
final class VasprunReader: StructureReader {
    let path: String
    let labels: LabelKeys
    private let use: StructureUse
    private(set) var census = LabelCensus()
    private var lines: LineReader
    private let content = VasprunContent()
    private let parser: XMLPushParser
    private var failure: (any Error)?
    private var isRead = false
    private var read = 0
    private var leftOut: [VaspStepReason: [String]] = [:]
    private var steps = 0

    init(_ lines: LineReader, labels: LabelKeys, use: StructureUse) {
        path = lines.path
        self.labels = labels
        self.use = use
        self.lines = lines
        parser = XMLPushParser(content)
    }

    func next() throws -> Structure? {
        if let failure { throw failure }
        do {
            while true {
                while let step = content.takeStep() {
                    steps += 1
                    guard let structure = try structure(of: step) else { continue }
                    read += 1
                    census.note(structure)
                    return structure
                }
                guard !isRead else { return nil }
                try readLine()
            }
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

    private func error(_ message: String) -> StructureFileError {
        StructureFileError(file: path, line: lines.number, message: message)
    }

    private func readLine() throws {
        guard try lines.advance() else {
            isRead = true
            if let step = content.stepThatTheFileEndsIn {
                steps += 1
                leftOut[.cut, default: []].append("\(step)")
            }
            guard read > 0 || content.hasSteps else { throw error(nothing) }
            return
        }
        let problem = lines.buffer.withUnsafeBufferPointer { bytes in
            parser.take(UnsafeBufferPointer(rebasing: bytes[lines.line]))
        }
        let end: [UInt8] = [UInt8(ascii: "\n")]
        let more = problem ?? end.withUnsafeBufferPointer { parser.take($0) }
        if let more { throw error("expected XML, found a mistake in it: \(more)") }
    }

    private var nothing: String {
        let reasons = leftOut.sorted { $0.key.rawValue < $1.key.rawValue }.map { reason, places in
            "\(places.count) \(reason.rawValue) (\(VaspStepReason.list(places)))"
        }
        return "expected a whole, converged ionic step, found "
            + (steps == 0
                ? "none: the file ends before the first" : "none of \(steps): " + reasons.joined(separator: "; "))
    }

    private func structure(of step: VasprunContent.Step) throws -> Structure? {
        func leaveOut(_ reason: VaspStepReason, _ detail: String? = nil) -> Structure? {
            leftOut[reason, default: []].append("\(step.number)" + (detail.map { " (\($0))" } ?? ""))
            return nil
        }
        if let flaw = step.flaw { return leaveOut(.unreadable, flaw) }
        guard step.electronicSteps > 0 else { return leaveOut(.machineLearned) }
        guard let basis = step.basis, let fractions = step.positions, let forces = step.forces,
            let energy = step.energy
        else { return leaveOut(.notPrinted) }
        if let limit = content.electronicLimit, step.electronicSteps >= limit { return leaveOut(.unconverged) }
        let (elements, cell): ([Element], Cell?)
        do {
            elements = try content.elements()
            cell = try CheckedCell.cell(
                Matrix3(basis[0], basis[1], basis[2]), periodic: [true, true, true], named: "the basis")
        } catch let problem as FormatProblem {
            throw error(problem.message)
        }
        guard let cell, fractions.count == elements.count, forces.count == elements.count else {
            throw error(
                "expected positions and forces of \(elements.count) atoms in ionic step \(step.number), found \(fractions.count) and \(forces.count)"
            )
        }
        var structure = Structure(elements: elements, positions: fractions.map { $0 * cell.vectors }, cell: cell)
        var coincidences = CoincidenceCheck()
        if let pair = coincidences.firstPair(in: structure.positions, cell: cell) {
            throw error("ionic step \(step.number): \(pair.message)")
        }
        if use == .labels {
            structure.energy = energy
            structure.forces = forces
            if let stress = step.stress, stress.count == 3 {
                let s = Matrix3(stress[0], stress[1], stress[2])
                structure.stress = (s + s.transposed) * (-0.5 / (10 * Units.gigapascal))
            }
        }
        structure.information["ionic_step"] = "\(step.number)"
        if let energy = step.energyAtZero { structure.information["energy_sigma_to_0"] = "\(energy)" }
        if let charge = content.charge { structure.information[Structure.chargeKeys[0]] = "\(charge)" }
        return structure
    }
}
