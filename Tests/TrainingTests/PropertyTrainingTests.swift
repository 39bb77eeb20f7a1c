import Atoms
import Compute
import Foundation
import Models
import Potentials
import StructureFiles
import Testing
import TestSupport

@testable import DataSets
@testable import Training

/// Dipoles and charges as labels: their loss, and what is learned of those that a formula gives.
@Suite struct PropertyTraining {
    /// Bent molecules CH₂ and chains HCCH with the charges `q_i = Σ_j ± 0.4 exp(−r_ij / Å)` (plus on hydrogen towards
    /// carbon, minus on carbon towards hydrogen) and the dipole `Σ q r` about `origin`; ions have 1 e more, shared by
    /// all.
    static func molecule(_ index: Int, isIon: Bool = false) -> Structure {
        let random = Philox(seed: 41)
        let ideal: [(Element, SIMD3<Double>)] =
            index % 2 == 0
            ? [
                (Samples.carbon, SIMD3(0, 0, 0)), (Samples.hydrogen, SIMD3(0.9, 0.6, 0)),
                (Samples.hydrogen, SIMD3(-0.9, 0.6, 0)),
            ]
            : [
                (Samples.hydrogen, SIMD3(0, 0, -1.66)), (Samples.carbon, SIMD3(0, 0, -0.6)),
                (Samples.carbon, SIMD3(0, 0, 0.6)), (Samples.hydrogen, SIMD3(0, 0, 1.66)),
            ]
        var structure = Structure(
            elements: ideal.map(\.0),
            positions: ideal.enumerated().map { atom, place in
                let shift = random.normals(at: Philox.counter(step: index, index: atom, stream: 0))
                return place.1 + SIMD3(shift.x, shift.y, shift.z) * 0.12
            })
        var charges = structure.elements.indices.map { i in
            structure.elements.indices.reduce(0.0) { sum, j in
                guard structure.elements[i] != structure.elements[j] else { return sum }
                let sign = structure.elements[i] == Samples.hydrogen ? 1.0 : -1
                return sum + sign * 0.4 * exp(-norm(structure.positions[i] - structure.positions[j]))
            }
        }
        var origin = SIMD3<Double>.zero
        if isIon {
            charges = charges.map { $0 + 1 / Double(charges.count) }
            structure.information["charge"] = "1"
            origin = SIMD3(0.3, -2, 1)
            structure.dipoleOrigin = origin
        }
        let dipole = zip(charges, structure.positions).reduce(SIMD3<Double>.zero) { $0 + $1.0 * ($1.1 - origin) }
        structure.properties = [.charges: charges, .dipole: [dipole.x, dipole.y, dipole.z]]
        return structure
    }

    /// By central differences, for every parameter: dipoles and charges beside energies, and alone; a frame without one
    /// label; an ion about another origin.
    @Test(arguments: [
        "{energy: 1, forces: 1, dipole: 2, charges: 0.5}",
        "{energy: 0, forces: 0, dipole: {coefficient: 1, measure: mae}}",
        "{energy: 0, forces: 0, dipole: 1, charges: {coefficient: 1, measure: huber, delta: 0.1}}",
    ])
    func gradientEqualsFiniteDifferences(_ loss: String) throws {
        var structures =
            [Samples.labelled(Samples.molecule, seed: 3)] + [1, 2].map { Self.molecule($0, isIon: $0 == 2) }
        structures[1].properties[.charges] = nil
        let settings = try Samples.settings(training: "loss: \(loss), seed: 4")
        var configuration = LossGradient.cases[1].configuration()
        configuration.outputs = try TrainingOutputs(loss: settings.loss).outputs(
            for: structures, configuration.elements)
        try LossGradient().expectGradient(
            of: configuration, on: structures, loss: loss, rounding: 1e-14)
    }

    /// What is learned is what the formula gives, of molecules and ions, in ranges that guessing the mean does not
    /// reach.
    @Test(arguments: ["dipole: 1", "dipole: 1, charges: 1"])
    func dipolesOfAFormulaAreLearned(_ loss: String) throws {
        let folder = try TemporaryFolder()
        let structures = (0..<72).map { Self.molecule($0, isIon: $0 % 5 == 0) }
        try ExtendedXYZWriter.write(structures, to: folder.file("data.xyz"))
        let settings = try Samples.settings(
            data: folder.file("data.xyz"), validation: "24",
            training:
                "max_epochs: 60, loss: {energy: 0, forces: 0, \(loss)}, optimizer: {learning_rate: 0.02}, ema_decay: 0.98",
            output: folder.file("run"))
        let run = try TrainingRun(settings, parallelism: .serial)
        let summary = try run.run(resuming: false, isInterrupted: { false }) { _ in }
        let rms = { (values: [Double]) in (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot() }
        let size = rms(
            try structures.flatMap { structure in
                let dipole = try #require(try structure.dipoleAboutCentroid())
                return (0..<3).map { dipole[$0] }
            })
        let found = try #require(summary.errors.all[.dipole])
        #expect(found.rmse < 0.2 * size, "\(found) of \(size)")
        #expect((summary.errors.all[.charges] != nil) == loss.contains("charges"))
        let potential = try Potential(verifying: settings.output + "/potential.safetensors")
        #expect(!potential.configuration.predictsEnergy)
        // The errors of an evaluation are those of the training.
        let again = try Evaluation(of: potential, parallelism: .serial).errors(
            on: (0..<run.validation.count).map { run.validation.structure($0) })
        #expect(abs(try #require(again.all[.dipole]).rmse - found.rmse) < 1e-9)
    }

    @Test(arguments: [
        ("pbc=\"T T T\" Lattice=\"9 0 0 0 9 0 0 0 9\"", "only a polarisation"),
        ("charge=1", "expected dipole_origin="),
    ])
    func dipolesWithoutMeaningAreRefusedByName(_ extra: String, _ words: String) throws {
        let folder = try TemporaryFolder()
        let frames = (0..<6).map { index -> String in
            let structure = Self.molecule(2 * index)
            let lines = zip(structure.elements, structure.positions).map { "\($0.symbol) \($1.x) \($1.y) \($1.z)" }
            return "3\n\(index == 3 ? extra : "") Properties=species:S:1:pos:R:3 dipole=\"0 0 1\"\n"
                + lines.joined(separator: "\n") + "\n"
        }
        try frames.joined().write(toFile: folder.file("data.xyz"), atomically: true, encoding: .utf8)
        let settings = try Samples.settings(
            data: folder.file("data.xyz"), validation: "1", training: "loss: {energy: 0, forces: 0, dipole: 1}",
            output: folder.file("run"))
        let error = #expect(throws: DataSetError.self) { try TrainingRun(settings, parallelism: .serial) }
        #expect(error?.description.contains(words) == true && error?.description.contains("frame 4") == true)
    }
}
