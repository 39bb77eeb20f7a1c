import Atoms
import Compute
import Files
import Layers
import Models
import Potentials
import Testing

@testable import DataSets
@testable import Training

/// The gradient of a full training loss against finite differences, in double precision, for every array of weights.
@Suite struct LossGradient {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var change: @Sendable (inout ModelConfiguration) -> Void

        init(_ name: String, _ change: @escaping @Sendable (inout ModelConfiguration) -> Void) {
            testDescription = name
            self.change = change
        }

        /// A small model of hydrogen and carbon that sees through several images of the small cell.
        func configuration() -> ModelConfiguration {
            var model = ModelConfiguration(
                NequIP(), rMax: 3.4, elements: [Samples.hydrogen, Samples.carbon], avgNumNeighbors: [20])
            model.nequip.numLayers = 2
            model.nequip.typeEmbedNumFeatures = 4
            model.nequip.radialMLPWidth = 6
            model.nequip.numBessels = 4
            model.nequip.splineIntervals = 24
            model.perTypeEnergyScales = [0.7, 1.3]
            model.perTypeEnergyShifts = [-0.4, 0.3]
            change(&model)
            return model
        }
    }

    static let cases = [
        Case("l_max 0, radial depth 2") {
            ($0.nequip.lMax, $0.nequip.parity, $0.nequip.numFeatures, $0.nequip.radialMLPDepth) = (0, false, [5], 2)
        },
        Case("l_max 1, parity, odd multiplicities") { ($0.nequip.lMax, $0.nequip.numFeatures) = (1, [5, 3]) },
        Case("l_max 2, no parity, radial depth 0") {
            ($0.nequip.lMax, $0.nequip.parity, $0.nequip.numFeatures, $0.nequip.radialMLPDepth) = (
                2, false, [5, 3, 2], 0
            )
        },
        Case("l_max 2, parity, three layers, readout MLP") {
            ($0.nequip.lMax, $0.nequip.numFeatures, $0.nequip.numLayers) = (2, [3, 2, 2], 3)
            ($0.nequip.readoutMLPHiddenLayersDepth, $0.nequip.readoutMLPHiddenLayersWidth) = (1, 5)
        },
        Case("trainable Bessel frequencies") {
            ($0.nequip.lMax, $0.nequip.parity, $0.nequip.numFeatures, $0.nequip.besselTrainable) = (
                1, false, [4, 3], true
            )
        },
        Case("neighbours by type") {
            ($0.nequip.lMax, $0.nequip.numFeatures, $0.avgNumNeighbors) = (1, [4, 3], [14, 23])
        },
        Case("cutoffs by pair of types, ZBL") {
            ($0.nequip.lMax, $0.nequip.parity, $0.nequip.numFeatures) = (1, false, [17, 3])
            ($0.perEdgeTypeCutoff, $0.pairPotential) = ([[2.1, 3.4], [2.8, 3.3]], .zbl)
        },
        Case("one layer, wide embedding") {
            ($0.nequip.lMax, $0.nequip.numFeatures, $0.nequip.numLayers, $0.nequip.typeEmbedNumFeatures) = (
                1, [3, 2], 1, 19
            )
        },
    ]

    /// A crystal smaller than the cutoff, a molecule without a cell, an isolated atom, and frames with some labels.
    static let structures = [
        Samples.labelled(Samples.crystal, seed: 2), Samples.labelled(Samples.molecule, seed: 3),
        Samples.labelled(Samples.atom, seed: 4),
        Samples.labelled(Samples.crystal, forces: false, stress: false, seed: 5),
        Samples.labelled(Samples.molecule, energy: false, seed: 6),
    ]

    @Test(arguments: cases) func equalsFiniteDifferences(_ test: Case) throws {
        try expectGradient(of: test.configuration(), on: Self.structures, loss: "{energy: 1, forces: 2, stress: 0.5}")
    }

    /// Each term alone, so that a mistake in a small one is not hidden by a large one.
    @Test(arguments: ["{energy: 1, forces: 0}", "{energy: 0, forces: 1}", "{energy: 0, forces: 0, stress: 1}"])
    func ofEachTermEqualsFiniteDifferences(_ loss: String) throws {
        try expectGradient(of: Self.cases[1].configuration(), on: Self.structures, loss: loss)
    }

    /// Measures, weights of elements and of kinds of structures.
    @Test(arguments: [
        "{energy: {measure: mae}, forces: {measure: huber, delta: 0.3}}",
        "{energy: {measure: huber, delta: 0.1}, forces: {per_type: {H: 3, C: 0}}, stress: {coefficient: 1, measure: mae}}",
        "{energy: 1, forces: 1, stress: 1, config_type_weights: {odd: 0.2, default: 2}}",
    ])
    func ofEveryMeasureAndWeightEqualsFiniteDifferences(_ loss: String) throws {
        var structures = Self.structures
        structures[1].information["config_type"] = "odd"
        try expectGradient(of: Self.cases[1].configuration(), on: structures, loss: loss)
    }

    /// Masks and weights of single force components, and weights of structures.
    @Test func ofMasksAndWeightsEqualsFiniteDifferences() throws {
        var structures = Self.structures
        structures[0].weight = 0.3
        structures[2].weight = 0
        for index in [0, 1] {
            structures[index].forceWeights = structures[index].positions.indices.map { atom in
                SIMD3(Double(atom % 2), 0.5 + Double(atom), atom == 0 ? 0 : 1)
            }
        }
        try expectGradient(
            of: Self.cases[1].configuration(), on: structures,
            loss:
                "{energy: 1, forces: {coefficient: 2, per_type: {H: 3}}, stress: 0.5, config_type_weights: {default: 2}}"
        )
    }

    /// The loss by its formula, from predictions and labels.
    @Test func weightsMultiplyAndMasksLeaveOut() throws {
        var structures = [Samples.labelled(Samples.molecule, seed: 3), Samples.labelled(Samples.crystal, seed: 2)]
        structures[0].weight = 0.25
        let count = structures[0].count
        structures[0].forceWeights = (0..<count).map { SIMD3(0, 2, Double($0)) }
        let configuration = Self.cases[1].configuration()
        func loss(_ structures: [Structure]) throws -> (trainer: Trainer<Double>, loss: Double) {
            let trainer = try Samples.trainer(
                Double.self, configuration, on: structures, training: "loss: {energy: 0, forces: 1}, seed: 4")
            return (trainer, trainer.lossAndGradient(try trainer.training.batch(), weights: trainer.weights).loss)
        }
        let (trainer, value) = try loss(structures)
        let predicted = try Evaluation(
            of: Potential(configuration: configuration, parameters: trainer.keptParameters, precision: .float64),
            parallelism: .serial
        ).predict(structures)
        var (sum, components) = (0.0, 0.0)
        for (structure, prediction) in zip(structures, predicted) {
            for atom in 0..<structure.count {
                for axis in 0..<3 {
                    let weight = structure.forceWeights?[atom][axis] ?? 1
                    let error = prediction.forces![atom][axis] - structure.forces![atom][axis]
                    sum += (structure.weight ?? 1) * weight * error * error
                    components += weight > 0 ? 1 : 0
                }
            }
        }
        #expect(abs(value - sum / components) < 1e-12 * value)
        // What stands at a masked component does not matter.
        let before = value
        structures[0].forces![1].x = 1e300
        #expect(try loss(structures).loss == before)
        // Weights of 1 change no bit.
        structures = [Samples.labelled(Samples.molecule, seed: 3), Samples.labelled(Samples.crystal, seed: 2)]
        let plain = try loss(structures)
        for index in structures.indices {
            structures[index].weight = 1
            structures[index].forceWeights = structures[index].positions.map { _ in SIMD3(1, 1, 1) }
        }
        let weighted = try loss(structures)
        #expect(plain.loss == weighted.loss)
        let batches = (try plain.trainer.training.batch(), try weighted.trainer.training.batch())
        #expect(
            plain.trainer.lossAndGradient(batches.0, weights: plain.trainer.weights).gradient
                == weighted.trainer.lossAndGradient(batches.1, weights: plain.trainer.weights).gradient)
    }

    /// - Parameter rounding: of the loss, relative; more where errors are much smaller than labels.
    func expectGradient(
        of configuration: ModelConfiguration, on structures: [Structure], loss: String, rounding: Double = 1e-15
    ) throws {
        let trainer = try Samples.trainer(
            Double.self, configuration, on: structures, training: "loss: \(loss), seed: 4")
        let batch = try trainer.training.batch()
        let weights = trainer.weights
        let (value, gradient) = trainer.lossAndGradient(batch, weights: weights)
        #expect(value.isFinite && value > 0)
        let parameters = trainer.model.parameters
        let offsets = ParameterSet(parameters, seed: 1).offsets
        let random = Philox(seed: 11)
        for (index, parameter) in parameters.enumerated() {
            let range = offsets[index]..<offsets[index] + parameter.count
            guard parameter.isTrainable else {
                #expect(gradient[range].allSatisfy { $0 == 0 }, "\(parameter.name) is not trained")
                continue
            }
            let rms = (gradient[range].reduce(0) { $0 + $1 * $1 } / Double(range.count)).squareRoot()
            for draw in 0..<min(6, range.count) {
                let u = random.uniforms(at: Philox.counter(step: draw, index: index, stream: 1)).x
                let place = range.lowerBound + min(range.count - 1, Int(u * Double(range.count)))
                func loss(_ h: Double) -> Double {
                    var moved = weights
                    moved[place] += h
                    return trainer.lossAndGradient(batch, weights: moved).loss
                }
                // Five points: the error is h⁴/30 of the fifth derivative, 1e-12 here, and rounding ε·L/h.
                let h = 1e-3
                let slope = (8 * (loss(h) - loss(-h)) - (loss(2 * h) - loss(-2 * h))) / (12 * h)
                let bound = 1e-7 * (abs(slope) + rms) + rounding * value / h
                #expect(
                    abs(slope - gradient[place]) <= bound,
                    "\(parameter.name)[\(place - range.lowerBound)]: \(slope) by differences, \(gradient[place])")
            }
        }
    }

    /// What a batch gives to the loss is the mean over its labels: a frame without a label does not dilute it.
    @Test func framesWithoutALabelAreMasked() throws {
        let configuration = Self.cases[1].configuration()
        let labelled = Samples.labelled(Samples.molecule, seed: 3)
        let bare = Samples.labelled(Samples.crystal, energy: false, forces: false, stress: false)
        let one = try Samples.trainer(
            Double.self, configuration, on: [labelled], training: "loss: {energy: 1, forces: 1}")
        let two = try Samples.trainer(
            Double.self, configuration, on: [labelled, bare], training: "loss: {energy: 1, forces: 1}")
        let a = one.lossAndGradient(try one.training.batch(), weights: one.weights)
        let b = two.lossAndGradient(try two.training.batch(), weights: one.weights)
        #expect(abs(a.loss - b.loss) < 1e-13 * a.loss)
        let size = a.gradient.reduce(0) { max($0, abs($1)) }
        for (x, y) in zip(a.gradient, b.gradient) { #expect(abs(x - y) < 1e-12 * size) }
    }

    /// The loss by its formula, from the energies, forces and virials of the potential itself.
    @Test func lossIsTheFormulaOfTheManual() throws {
        let configuration = Self.cases[6].configuration()
        let structures = Self.structures
        let trainer = try Samples.trainer(
            Double.self, configuration, on: structures, training: "loss: {energy: 1, forces: 2, stress: 0.5}")
        let potential = Potential(
            configuration: configuration, parameters: trainer.keptParameters, precision: .float64)
        let evaluation = try Evaluation(of: potential, parallelism: .serial)
        var (energies, forces, virials) = ([Double](), [Double](), [Double]())
        for structure in structures {
            let predicted = try evaluation.predict(structure)
            let atoms = Double(structure.count)
            if let label = structure.energy { energies.append((predicted.energy! - label) / atoms) }
            for (f, label) in zip(predicted.forces!, structure.forces ?? []) {
                forces += (0..<3).map { (f - label)[$0] }
            }
            if let label = structure.stress {
                virials += ((predicted.stress! - label) * (-structure.cell!.volume / atoms)).elements
            }
        }
        func mean(_ errors: [Double]) -> Double { errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count) }
        let expected = (mean(energies) + 2 * mean(forces) + 0.5 * mean(virials)) / 3.5
        let found = trainer.lossAndGradient(try trainer.training.batch(), weights: trainer.weights).loss
        // ZBL's part is taken from the labels and added to the prediction: rounding of its size.
        #expect(abs(found - expected) < 1e-9 * expected)
    }
}
