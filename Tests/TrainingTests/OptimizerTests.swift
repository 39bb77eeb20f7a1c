import Compute
import Foundation
import Testing

@testable import DataSets
@testable import Training

/// Optimiser, schedule and moving average against the formulas that PyTorch documents.
@Suite struct Optimizers {
    struct Case: CustomTestStringConvertible, Sendable {
        var name: OptimizerSettings.Name
        var weightDecay = 0.0
        var amsgrad = false
        /// After each step, two weights.
        var expected: [[Double]]
        var testDescription: String { "\(name), weight decay \(weightDecay)\(amsgrad ? ", AMSGrad" : "")" }
    }

    static let gradients = [[0.5, -1.0], [-0.1, 3.0], [2.0, 0.0], [0.01, -0.2]]

    /// From a Python script of the formulas in the documentation of `torch.optim.Adam` and `AdamW` (PyTorch 2.7):
    /// weights (1, −2), lr 0.1, betas (0.9, 0.99), eps 1e-3, the gradients above.
    static let cases = [
        Case(
            name: .adam,
            expected: [
                [0.9001996007984032, -1.9000999000999002], [0.8491318511790087, -1.9494077082965307],
                [0.7778205123919139, -1.987605633769818], [0.719000873982005, -2.015220345348739],
            ]),
        Case(
            name: .adam, weightDecay: 0.1,
            expected: [
                [0.9001663893510815, -1.9000832639467111], [0.8344145348391331, -1.9421336380556327],
                [0.7593158469954139, -1.970587821183306], [0.6954188776931568, -1.9862508041669935],
            ]),
        Case(
            name: .adam, amsgrad: true,
            expected: [
                [0.9001996007984032, -1.9000999000999002], [0.8491318511790087, -1.9494077082965307],
                [0.7778205123919139, -1.9874142686095502], [0.7192947336560798, -2.0148087576027383],
            ]),
        Case(
            name: .adamw, weightDecay: 0.1,
            expected: [
                [0.8901996007984032, -1.8800999000999001], [0.8302298551710247, -1.9106067092955317],
                [0.7506162178322195, -1.9296985676758638], [0.6842904172439884, -1.9380162935780263],
            ]),
        Case(
            name: .adamw, weightDecay: 0.1, amsgrad: true,
            expected: [
                [0.8901996007984032, -1.8800999000999001], [0.8302298551710247, -1.9106067092955317],
                [0.7506162178322195, -1.929507202515596], [0.6845842769180632, -1.937606619483628],
            ]),
    ]

    @Test(arguments: cases) func stepsEqualPyTorchs(_ test: Case) {
        var settings = OptimizerSettings()
        (settings.name, settings.weightDecay, settings.amsgrad) = (test.name, test.weightDecay, test.amsgrad)
        (settings.beta1, settings.beta2, settings.epsilon) = (0.9, 0.99, 1e-3)
        var weights = [1.0, -2.0]
        var optimizer = Optimizer<Double>(settings, weights: weights)
        var none: MovingAverage<Double>?
        for (gradient, expected) in zip(Self.gradients, test.expected) {
            optimizer.update(&weights, gradient: gradient, learningRate: 0.1, average: &none, .serial)
            for (w, e) in zip(weights, expected) { #expect(abs(w - e) < 1e-14) }
        }
    }

    /// Adam moves by the learning rate whatever the size of the gradient, as long as that dwarfs epsilon.
    @Test func theFirstStepHasTheSizeOfTheLearningRate() {
        var weights = [0.0, 0, 0]
        var optimizer = Optimizer<Double>(OptimizerSettings(), weights: weights)
        var none: MovingAverage<Double>?
        optimizer.update(&weights, gradient: [1e-3, -5, 0], learningRate: 0.01, average: &none, .serial)
        #expect(abs(weights[0] + 0.01) < 1e-6 && abs(weights[1] - 0.01) < 1e-10 && weights[2] == 0)
    }

    /// The recursions of the paper in plain numbers, with rates that rise and weight decay.
    @Test func scheduleFreeStepsAreThoseOfThePaper() {
        var settings = OptimizerSettings()
        (settings.name, settings.beta1, settings.beta2, settings.epsilon) = (.scheduleFree, 0.9, 0.99, 1e-3)
        settings.weightDecay = 0.1
        var weights = [1.0, -2.0]
        var optimizer = Optimizer<Double>(settings, weights: weights)
        var average: MovingAverage<Double>? = MovingAverage(decay: 0, of: weights)
        var (x, z, v, squares) = (weights, weights, [0.0, 0], 0.0)
        for (step, gradient) in Self.gradients.enumerated() {
            let rate = 0.05 * Double(step + 1)
            optimizer.update(&weights, gradient: gradient, learningRate: rate, average: &average, .serial)
            squares += rate * rate
            for k in 0..<2 {
                let y = 0.1 * z[k] + 0.9 * x[k]
                v[k] = 0.99 * v[k] + 0.01 * gradient[k] * gradient[k]
                let size = (v[k] / (1 - pow(0.99, Double(step + 1)))).squareRoot() + 1e-3
                z[k] -= rate * gradient[k] / size + rate * 0.1 * y
                x[k] += rate * rate / squares * (z[k] - x[k])
                #expect(abs(weights[k] - (0.1 * z[k] + 0.9 * x[k])) < 1e-14)
                #expect(abs(average!.values[k] - x[k]) < 1e-14)
            }
        }
    }

    /// From a Python script of the formulas of `torch.optim.Muon` (PyTorch 2.9) with `adjust_lr_fn="match_rms_adamw"`:
    /// lr 0.1, weight decay 0.1, momentum 0.95. The matrix lies at the right of rows of five; what is left of it is
    /// another matrix, and a vector follows, which AdamW moves.
    @Test func matricesMoveAsWithPyTorchsMuon() {
        let start = [1, -2, 0.5, 0.25, 3, -1]
        let gradients = [
            [0.5, -1, 0, 2, 0.1, 0.3], [-0.2, 0.4, 1, 0, 0, -3], [0.01, 0.2, -0.1, 0.3, -0.5, 0.2],
        ]
        let expected = [
            [
                0.9863878432058272, -1.9419276177260316, 0.49725717575748457, 0.2242734670997576, 2.961126656183582,
                -0.9940482738744075,
            ],
            [
                0.9556242824195798, -1.9189632987230507, 0.478680961529623, 0.20833734707712337, 2.9321288240745593,
                -0.9638985597042202,
            ],
            [
                0.932578303960646, -1.8944613285362522, 0.4541985503976121, 0.1873429785798245, 2.9101256195728347,
                -0.9391751670911347,
            ],
        ]
        func rows(_ left: Double, _ matrix: [Double], _ vector: [Double]) -> [Double] {
            [left, left] + matrix[..<3] + [left, -left] + matrix[3...] + vector
        }
        var settings = OptimizerSettings()
        (settings.name, settings.weightDecay) = (.muon, 0.1)
        var weights = rows(2, start, [1, -2])
        var optimizer = Optimizer<Double>(
            settings, weights: weights,
            trained: [
                .init(
                    range: 0..<10,
                    matrices: [
                        .init(offset: 0, rows: 2, columns: 2, stride: 5),
                        .init(offset: 2, rows: 2, columns: 3, stride: 5),
                    ]),
                .init(range: 10..<12, matrices: [.init(offset: 10, rows: 1, columns: 2, stride: 2)]),
            ])
        var vector = [1.0, -2.0]
        settings.name = .adamw
        var reference = Optimizer<Double>(settings, weights: vector)
        var none: MovingAverage<Double>?
        var average: MovingAverage<Double>? = MovingAverage(decay: 0, of: weights)
        for (step, gradient) in gradients.enumerated() {
            let tail = Self.gradients[step]
            optimizer.update(
                &weights, gradient: rows(0, gradient, tail), learningRate: 0.1, average: &average,
                Parallelism(threads: 2))
            reference.update(&vector, gradient: tail, learningRate: 0.1, average: &none, .serial)
            // No gradient: only the decay.
            let left = 2 * (0..<step + 1).reduce(1) { product, _ in product * 0.99 }
            for (w, e) in zip(weights, rows(left, expected[step], vector)) { #expect(abs(w - e) < 1e-12) }
            #expect(average!.values == weights)
        }
    }

    // MARK: The schedule

    static let losses = [
        1.0, 0.9, 0.95, 0.91, 0.89995, 0.92, 0.8, 0.81, 0.82, 0.83, 0.84, 0.85, 0.86, 0.87, 0.7, 0.71, 0.72, 0.73,
        0.74,
        0.75, 0.76, 0.77, 0.78, 0.79,
    ]

    /// From a Python transcript of `ReduceLROnPlateau.step` (PyTorch 2.7), mode min, threshold_mode rel.
    @Test func learningRatesEqualReduceLROnPlateau() {
        func rates(_ patience: Int, _ cooldown: Int, _ minimum: Double) -> [Double] {
            var settings = PlateauSettings()
            (settings.factor, settings.patience, settings.threshold) = (0.5, patience, 1e-3)
            (settings.cooldown, settings.minimum) = (cooldown, minimum)
            var schedule = LearningRateSchedule(.plateau(settings), learningRate: 0.1, epochs: 100)
            return Self.losses.map { loss in
                schedule.step(loss)
                return schedule.learningRate
            }
        }
        #expect(
            rates(2, 0, 1e-6) == [
                0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025, 0.0125, 0.0125, 0.0125, 0.0125,
                0.0125, 0.00625, 0.00625, 0.00625, 0.003125, 0.003125, 0.003125, 0.0015625,
            ])
        #expect(
            rates(1, 2, 0.02) == [
                0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025, 0.025, 0.02, 0.02, 0.02, 0.02, 0.02,
                0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02,
            ])
    }

    @Test func aRateBelowTheMinimumIsNotRaised() {
        var settings = PlateauSettings()
        (settings.patience, settings.minimum) = (0, 1e-3)
        var schedule = LearningRateSchedule(.plateau(settings), learningRate: 1e-4, epochs: 100)
        for _ in 0..<5 { schedule.step(1) }
        #expect(schedule.learningRate == 1e-4)
    }

    @Test func withoutAScheduleTheRateStays() {
        var schedule = LearningRateSchedule(.constant, learningRate: 0.1, epochs: 100)
        for _ in 0..<50 { schedule.step(1) }
        #expect(schedule.learningRate == 0.1)
    }

    /// A hundredth at the start, the whole rate after the warm-up, half of the way in the middle, the minimum at the
    /// end and behind it.
    @Test func aCosineRisesAndFalls() {
        var cosine = CosineSettings()
        (cosine.warmupEpochs, cosine.minimum) = (2, 1e-4)
        var schedule = LearningRateSchedule(.cosine(cosine), learningRate: 0.01, epochs: 12)
        let expected = [
            0: 1e-4, 1: 5.05e-3, 2: 0.01, 4.5: 1e-4 + 9.9e-3 * (1 + 0.5.squareRoot()) / 2, 7: 5.05e-3, 12: 1e-4,
            15: 1e-4,
        ]
        for (epoch, rate) in expected {
            schedule.advance(to: epoch)
            #expect(abs(schedule.learningRate - rate) < 1e-15, "epoch \(epoch)")
        }
        // The dictionary has no order.
        schedule.advance(to: 12)
        schedule.step(5)
        #expect(schedule.learningRate == 1e-4)
        // Four epochs are left, the warm-up with them.
        schedule.restart(after: 8)
        #expect(schedule.learningRate == 1e-4)
        schedule.advance(to: 11)
        #expect(abs(schedule.learningRate - 5.05e-3) < 1e-15)
    }

    // MARK: The moving average

    /// Decays 2/11, 3/12, 4/13, … until they reach that of the settings.
    @Test func theAverageWarmsUp() {
        var average: MovingAverage<Double>? = MovingAverage(decay: 0.3, of: [1.0])
        var optimizer = Optimizer<Double>(OptimizerSettings(), weights: [2])
        var (expected, weights) = (1.0, [2.0])
        for n in 1...5 {
            optimizer.update(&weights, gradient: [-1], learningRate: 0.5, average: &average, .serial)
            let decay = min(0.3, Double(1 + n) / Double(10 + n))
            expected = decay * expected + (1 - decay) * weights[0]
            #expect(abs(average!.values[0] - expected) < 1e-14)
        }
        #expect(weights[0] > 4)
    }

    @Test func theAverageOfConstantWeightsIsThem() {
        var average: MovingAverage<Float>? = MovingAverage(decay: 0.999, of: [Float](repeating: 0, count: 37))
        var optimizer = Optimizer<Float>(OptimizerSettings(), weights: [Float](repeating: 3, count: 37))
        var weights = [Float](repeating: 3, count: 37)
        let gradient = [Float](repeating: 0, count: 37)
        for _ in 0..<20_000 {
            optimizer.update(&weights, gradient: gradient, learningRate: 0.1, average: &average, .serial)
        }
        // Each step rounds by half a unit of 3, and steps of 0.001 forget it after a thousand.
        #expect(average!.values.allSatisfy { abs($0 - 3) < 1000 * 3 * Float.ulpOfOne })
    }
}
