import Atoms
import Compute
import Foundation
import Network
import Programs

/// Trains one model on one data set, epoch by epoch.
///
/// Deterministic: the same settings and data give the same weights, bit by bit, for any number of threads, also when
/// the run was stopped and resumed.
final class Trainer<T: ExecutableScalar> {
    let settings: TrainingSettings
    let model: NequIPModel
    let training: DataSet
    let validation: DataSet
    private(set) var parameters: ParameterSet
    private(set) var weights: [T]
    private(set) var optimizer: Optimizer<T>
    private(set) var average: MovingAverage<T>?
    private(set) var schedule: LearningRateSchedule
    /// Epochs finished.
    private(set) var epoch = 0
    let executor: Executor<T>
    private let loss: Loss
    private var gradient: [T]
    private var cotangents = Loss.Cotangents<T>()

    init(
        _ settings: TrainingSettings, _ model: NequIPModel, training: DataSet, validation: DataSet,
        parallelism: Parallelism
    ) {
        self.settings = settings
        self.model = model
        self.training = training
        self.validation = validation
        parameters = ParameterSet(model.parameters, seed: settings.seed)
        weights = parameters.values.map { T($0) }
        optimizer = Optimizer(settings.optimizer, count: weights.count)
        average = settings.emaDecay.map { MovingAverage(decay: $0, of: []) }
        average?.values = weights
        schedule = LearningRateSchedule(
            settings.scheduler, learningRate: settings.optimizer.learningRate, epochs: settings.maxEpochs)
        executor = Executor(model.trainingProgram(), parallelism: parallelism)
        loss = Loss(energy: settings.loss.energy, forces: settings.loss.forces, stress: settings.loss.stress)
        gradient = Array(repeating: 0, count: weights.count)
        let scales = model.configuration.perTypeEnergyScales
        executor.bind("scales") { input in for (type, scale) in scales.enumerated() { input[type] = T(scale) } }
    }

    /// Batches of an epoch.
    var stepsPerEpoch: Int { (training.count + settings.batchSize - 1) / settings.batchSize }

    /// The weights that are validated and kept: the moving average, if there is one.
    var keptWeights: [T] { average?.values ?? weights }

    var keptParameters: ParameterSet {
        var parameters = parameters
        parameters.values = keptWeights.map { Double($0) }
        return parameters
    }

    // MARK: Training

    /// Runs one epoch and returns the mean loss over its batches. `shouldStop` is asked after every batch; an epoch
    /// that it ends does not count.
    func runEpoch(shouldStop: (_ step: Int, _ loss: Double) -> Bool) throws -> Double? {
        let batches = Batches.balanced(
            edges: training.items.map(\.edges.count), size: settings.batchSize, seed: settings.seed, round: epoch)
        var sum = 0.0
        for (step, batch) in batches.enumerated() {
            schedule.advance(to: Double(epoch) + Double(step) / Double(batches.count))
            let value = try update(Batch(batch.map { training.items[$0] }))
            sum += value
            if shouldStop(step + 1, value) { return nil }
        }
        epoch += 1
        schedule.advance(to: Double(epoch))
        return sum / Double(stepsPerEpoch)
    }

    /// Takes one step on one batch and returns its loss.
    func update(_ batch: Batch) throws -> Double {
        parameters.bind(weights, to: executor)
        let value = gradient(of: batch)
        let squares = sumOfSquares(gradient)
        guard value.isFinite, squares.isFinite else {
            throw TrainingError(
                "the loss is not a finite number in epoch \(epoch + 1): lower training.optimizer.learning_rate, or set training.gradient_clip; the best potential so far is kept"
            )
        }
        if let clip = settings.gradientClip, squares > clip * clip {
            let factor = T(clip / squares.squareRoot())
            executor.parallelism.update(&gradient, by: Self.chunk) { _, gradient in
                for k in gradient.indices { gradient[k] *= factor }
            }
        }
        optimizer.update(
            &weights, gradient: gradient, learningRate: schedule.learningRate, average: &average,
            executor.parallelism)
        return value
    }

    /// Weights that a thread works on at a time.
    private static var chunk: Int { 1 << 14 }

    private func sumOfSquares(_ numbers: [T]) -> Double {
        numbers.withUnsafeBufferPointer { numbers in
            executor.parallelism.sum(numbers.count, by: Self.chunk) { range in
                // Eight sums, so that an addition need not wait for the one before.
                var sums = SIMD8<Double>.zero
                var k = range.lowerBound
                while k + 8 <= range.upperBound {
                    for lane in 0..<8 { sums[lane] += Double(numbers[k + lane]) * Double(numbers[k + lane]) }
                    k += 8
                }
                for rest in k..<range.upperBound { sums[0] += Double(numbers[rest]) * Double(numbers[rest]) }
                return sums.sum()
            }
        }
    }

    /// The loss of a batch for the weights that are bound; leaves its derivative in `gradient`.
    private func gradient(of batch: Batch) -> Double {
        batch.withGraph { graph in
            let terms = evaluate(batch, graph)
            executor.bind("energies cotangent", on: graph) { _ = $0.update(from: cotangents.energies) }
            executor.bind("forces cotangent", on: graph) { _ = $0.update(from: cotangents.forces) }
            executor.bind("virial cotangent", on: graph) { _ = $0.update(from: cotangents.virials) }
            executor.run(on: graph, stage: 1)
            parameters.gradients(of: executor, on: graph, into: &gradient)
            return loss.total(terms)
        }
    }

    private func evaluate(_ batch: Batch, _ graph: Graph) -> Loss.Terms {
        executor.run(on: graph)
        return loss.evaluate(
            batch, energies: executor.output("energies", on: graph), forces: executor.output("forces", on: graph),
            virials: executor.output("virial", on: graph), cotangents: &cotangents)
    }

    /// The loss of a batch and its derivative by every weight, for given weights; what the tests differentiate.
    func lossAndGradient(_ batch: Batch, weights: [T]) -> (loss: Double, gradient: [T]) {
        parameters.bind(weights, to: executor)
        return (gradient(of: batch), gradient)
    }

    // MARK: Validation

    /// The loss and the errors on the validation set (the training set if that is empty) of the kept weights, or others.
    func validate(_ weights: [T]? = nil) -> (loss: Double, errors: ErrorMeasures) {
        let items = (validation.count > 0 ? validation : training).items
        parameters.bind(weights ?? keptWeights, to: executor)
        var errors = ErrorMeasures()
        var sums = Loss.Terms()
        var counts = (energy: 0.0, forces: 0.0, stress: 0.0)
        for first in stride(from: 0, to: items.count, by: settings.validationBatchSize) {
            let batch = Batch(Array(items[first..<min(items.count, first + settings.validationBatchSize)]))
            batch.withGraph { graph in
                let terms = evaluate(batch, graph)
                let labelled = (
                    energy: Double(batch.items.count { $0.energy != nil }),
                    forces: Double(batch.items.reduce(0) { $0 + ($1.forces?.count ?? 0) }),
                    stress: Double(batch.items.count { $0.virial != nil })
                )
                sums.energy += terms.energy * labelled.energy
                sums.forces += terms.forces * labelled.forces
                sums.stress += terms.stress * labelled.stress
                counts = (
                    counts.energy + labelled.energy, counts.forces + labelled.forces, counts.stress + labelled.stress
                )
                measure(batch, graph, &errors)
            }
        }
        let means = Loss.Terms(
            energy: sums.energy / max(1, counts.energy), forces: sums.forces / max(1, counts.forces),
            stress: sums.stress / max(1, counts.stress))
        return (loss.total(means), errors)
    }

    private func measure(_ batch: Batch, _ graph: Graph, _ errors: inout ErrorMeasures) {
        let energies = executor.output("energies", on: graph)
        let forces = executor.output("forces", on: graph)
        let virials = executor.output("virial", on: graph)
        var atom = 0
        for (index, item) in batch.items.enumerated() {
            let first = atom
            errors.add(
                elements: item.structure.elements,
                energyError: item.energy.map { Double(energies[index]) - $0 },
                forceErrors: item.forces?.enumerated().map { k, label in
                    let place = 3 * (first + k)
                    return SIMD3(Double(forces[place]), Double(forces[place + 1]), Double(forces[place + 2])) - label
                },
                stressError: item.virial.map { label in
                    let virial = Matrix3(elements: (0..<9).map { Double(virials[9 * index + $0]) })
                    return (virial - label) * (-1 / item.structure.cell!.volume)
                })
            atom += item.structure.count
        }
    }

    /// Takes note of an epoch's validation loss.
    func adjustLearningRate(_ validationLoss: Double) { schedule.step(validationLoss) }

    /// Begins the schedule anew at a learning rate.
    func restartSchedule(at learningRate: Double) { schedule.restart(at: learningRate) }

    // MARK: Checkpoints

    var state: TrainerState {
        get {
            func doubles(_ values: [T]) -> [Double] { values.map { Double($0) } }
            return TrainerState(
                epoch: epoch, weights: doubles(weights), first: doubles(optimizer.first),
                second: doubles(optimizer.second), largest: doubles(optimizer.largest), steps: optimizer.step,
                average: average.map { doubles($0.values) } ?? [], averageUpdates: average?.updates ?? 0,
                schedule: schedule.state)
        }
        set {
            func scalars(_ values: [Double]) -> [T] { values.map { T($0) } }
            epoch = newValue.epoch
            weights = scalars(newValue.weights)
            optimizer.first = scalars(newValue.first)
            optimizer.second = scalars(newValue.second)
            if settings.optimizer.amsgrad, !newValue.largest.isEmpty { optimizer.largest = scalars(newValue.largest) }
            optimizer.step = newValue.steps
            if average != nil {
                average!.values = newValue.average.isEmpty ? weights : scalars(newValue.average)
                average!.updates = newValue.averageUpdates
            }
            schedule.state = newValue.schedule
            // Other settings than before the pause count from here on.
            schedule.advance(to: Double(epoch))
        }
    }
}
