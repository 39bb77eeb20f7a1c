import Atoms
import CPUExecutor
import Compute
import Foundation
import Layers
import Models
import Potentials
import Programs

/// Trains one model on one data set, epoch by epoch.
///
/// Deterministic: the same settings and data give the same weights, bit by bit, for any number of threads, also when
/// the run was stopped and resumed.
final class Trainer<T: ExecutableScalar> {
    let settings: TrainingSettings
    let model: Model
    private let structures: EpochStructures
    let validation: DataSet
    private(set) var parameters: ParameterSet
    private(set) var weights: [T]
    private(set) var optimizer: Optimizer<T>
    private(set) var average: MovingAverage<T>?
    private(set) var schedule: LearningRateSchedule
    /// Epochs finished.
    private(set) var epoch = 0
    let executor: any Executor<T>
    private let parallelism: Parallelism
    private let binding: ParameterBinding
    private let predicted: Predicted
    /// The processes that share every batch and the validation set; `nil` for one alone.
    private let communicator: (any Communicator)?
    /// The first weights, towards which steps are pulled, and how strongly; nothing without a pull.
    private let anchor: [T]
    private let pull: Double
    private var loss: Loss
    private var gradient: [T]
    private var cotangents = Loss.Cotangents<T>()
    private let seed: UInt64

    /// - Parameters:
    ///   - parameters: the first weights.
    ///   - frozen: names of parameters that stay as they are.
    ///   - seed: decides the order of batches.
    init(
        _ settings: TrainingSettings, _ model: Model, _ parameters: ParameterSet, frozen: Set<String> = [],
        seed: UInt64, training: DataSet, replay: DataSet? = nil, validation: DataSet, parallelism: Parallelism,
        communicator: (any Communicator)? = nil
    ) {
        self.communicator = communicator
        self.settings = settings
        self.model = model
        structures = EpochStructures(training, replay: replay, share: settings.fineTuning?.replay?.share)
        self.validation = validation
        self.parameters = parameters
        self.seed = seed
        weights = parameters.values.map { T($0) }
        let trained = zip(parameters.parameters, parameters.offsets).filter { parameter, _ in
            parameter.isTrainable && !frozen.contains(parameter.name)
        }
        pull = settings.fineTuning?.pull ?? 0
        anchor = pull > 0 ? weights : []
        optimizer = Optimizer(
            settings.optimizer, weights: weights,
            trained: trained.map { parameter, offset in
                Optimizer<T>.Group(
                    range: offset..<offset + parameter.count,
                    matrices: parameter.matrices.map { $0.moved(by: offset) })
            })
        average = settings.emaDecay.map { MovingAverage(decay: $0, of: []) }
        average?.values = weights
        schedule = LearningRateSchedule(
            settings.scheduler, learningRate: settings.optimizer.learningRate, epochs: settings.maxEpochs)
        let program = model.trainingProgram(frozen: frozen)
        executor = ProcessorExecutor(program, parallelism: parallelism)
        self.parallelism = parallelism
        binding = ParameterBinding(parameters, in: program)
        predicted = Predicted(by: program, model.configuration)
        loss = Loss(settings.loss, model.configuration)
        gradient = Array(repeating: 0, count: weights.count)
        let scales = model.configuration.perTypeEnergyScales
        guard model.configuration.predictsEnergy else { return }
        executor.withInput("scales") { input in
            for (type, scale) in scales.enumerated() { input[type] = T(scale) }
        }
    }

    /// What the program predicts, and where it takes the derivatives of a loss by that; `nil` where nothing that is
    /// trained depends on one.
    private struct Predicted {
        /// Nothing of a model without energies.
        let surface: Surface?
        let heads: [(head: Head, output: Program.Output, cotangent: Program.Input?)]

        struct Surface {
            let energies, forces, virials: Program.Output
            let energiesCotangent, forcesCotangent, virialsCotangent: Program.Input?
        }

        init(by program: Program, _ model: ModelConfiguration) {
            surface =
                model.predictsEnergy
                ? Surface(
                    energies: program.output("energies"), forces: program.output("forces"),
                    virials: program.output("virial"), energiesCotangent: program.input("energies cotangent"),
                    forcesCotangent: program.input("forces cotangent"),
                    virialsCotangent: program.input("virial cotangent")) : nil
            heads = Assembly(model).heads.map { head in
                let name = "head \(head.name)"
                return (head, program.output(name), program.input("\(name) cotangent"))
            }
        }
    }

    var training: DataSet { structures.training }
    var structuresPerEpoch: Int { structures.count }

    /// Batches of an epoch.
    var stepsPerEpoch: Int { (structuresPerEpoch + settings.batchSize - 1) / settings.batchSize }

    /// The weights that are validated and kept: the moving average, if there is one.
    var keptWeights: [T] { average?.values ?? weights }

    var keptParameters: ParameterSet {
        var parameters = parameters
        parameters.values = keptWeights.map { Double($0) }
        return parameters
    }

    // MARK: Training

    enum Outcome {
        /// The mean loss over the batches.
        case finished(loss: Double)
        /// Ended by `shouldStop`; the epoch does not count.
        case stopped
        /// The loss of a batch, counted from 1, or its gradient is not a finite number.
        case diverged(step: Int)
    }

    /// Runs one epoch. `shouldStop` is asked after every batch.
    func runEpoch(shouldStop: (_ step: Int, _ loss: Double) -> Bool) throws -> Outcome {
        loss.coefficients = settings.loss.coefficients(at: epoch)
        let batches = structures.batches(ofEpoch: epoch, size: settings.batchSize, seed: seed)
        var sum = 0.0
        for (step, batch) in batches.enumerated() {
            schedule.advance(to: Double(epoch) + Double(step) / Double(batches.count))
            let items = try structures.items(share(of: batch), parallelism)
            let value = update(Batch(items), over: structures.lossCounts(batch))
            guard let value else { return .diverged(step: step + 1) }
            sum += value
            let stops = shouldStop(step + 1, value)
            if communicator?.agreed(stops) ?? stops { return .stopped }
        }
        epoch += 1
        schedule.advance(to: Double(epoch))
        return .finished(loss: sum / Double(stepsPerEpoch))
    }

    /// Those of some structures that this process works on.
    private func share<Indices: Collection>(of indices: Indices) -> [Int] where Indices.Element == Int {
        guard let communicator else { return Array(indices) }
        return indices.enumerated().filter { $0.offset % communicator.size == communicator.rank }.map(\.element)
    }

    /// Takes one step on one batch, or on this process' share of it, and returns the loss of the whole; nothing, and no
    /// step, where that is not a finite number.
    ///
    /// - Parameter counts: what the means of the loss are over, if the batch is a part of a larger one.
    func update(_ batch: Batch, over counts: LossTerms? = nil) -> Double? {
        binding.write(weights, to: executor, parallelism)
        var value = gradient(of: batch, over: counts ?? LossTerms(counting: batch.items))
        if let communicator {
            communicator.sum(&gradient)
            var values = [value]
            communicator.sum(&values)
            value = values[0]
        }
        var norm = sumOfSquares(gradient).squareRoot()
        guard value.isFinite, norm.isFinite else { return nil }
        if let clip = settings.gradientClip, norm > clip {
            let factor = T(clip / norm)
            norm = clip
            parallelism.update(&gradient, by: Self.chunk) { _, gradient in
                for k in gradient.indices { gradient[k] *= factor }
            }
        }
        // Optimizers square what they are given.
        guard norm < Double(T.greatestFiniteMagnitude).squareRoot() else { return nil }
        pullBack()
        optimizer.update(
            &weights, gradient: gradient, learningRate: schedule.learningRate, average: &average,
            parallelism)
        return value
    }

    /// `w −= η p (w − w₀)` with the learning rate η: weights that the data do not ask to change return to the first
    /// ones. Loshchilov and Hutter's decoupled decay (ICLR 2019) towards these in place of zero.
    private func pullBack() {
        guard !anchor.isEmpty else { return }
        let share = T(min(1, schedule.learningRate * pull))
        let anchor = anchor
        parallelism.update(&weights, by: Self.chunk) { range, weights in
            for k in weights.indices { weights[k] -= share * (weights[k] - anchor[range.lowerBound + k]) }
        }
    }

    /// Weights that a thread works on at a time.
    private static var chunk: Int { 1 << 14 }

    private func sumOfSquares(_ numbers: [T]) -> Double {
        numbers.withUnsafeBufferPointer { numbers in
            parallelism.sum(numbers.count, by: Self.chunk) { range in
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
    private func gradient(of batch: Batch, over counts: LossTerms) -> Double {
        guard !batch.items.isEmpty else {
            for k in gradient.indices { gradient[k] = 0 }
            return 0
        }
        return batch.withGraph { graph in
            let terms = evaluate(batch, graph, over: counts)
            if let surface = predicted.surface {
                write(cotangents.energies, to: surface.energiesCotangent, on: graph)
                write(cotangents.forces, to: surface.forcesCotangent, on: graph)
                write(cotangents.virials, to: surface.virialsCotangent, on: graph)
            }
            for (head, cotangent) in zip(predicted.heads, cotangents.heads) {
                guard let input = head.cotangent else { continue }
                executor.withInput(input, on: graph) { HeadRows.write(cotangent, to: $0, head.head) }
            }
            executor.run(on: graph, stage: 1)
            binding.readGradients(of: executor, on: graph, into: &gradient, parallelism)
            return loss.total(terms)
        }
    }

    private func write(_ cotangent: [T], to input: Program.Input?, on graph: Graph) {
        guard let input else { return }
        executor.withInput(input, on: graph) { _ = $0.update(from: cotangent) }
    }

    private func evaluate(_ batch: Batch, _ graph: Graph, over counts: LossTerms) -> LossTerms {
        executor.run(on: graph)
        return withOutputs(on: graph) { loss.evaluate(batch, $0, over: counts, cotangents: &cotangents) }
    }

    private func withOutputs<R>(on graph: Graph, _ body: (Outputs<UnsafeBufferPointer<T>>) -> R) -> R {
        let heads = predicted.heads.map { head in
            executor.withOutput(head.output, on: graph) { HeadRows.read($0, head.head, 0..<graph.atoms) }
        }
        guard let surface = predicted.surface else { return body(Outputs(surface: nil, heads: heads)) }
        return executor.withOutput(surface.energies, on: graph) { energies in
            executor.withOutput(surface.forces, on: graph) { forces in
                executor.withOutput(surface.virials, on: graph) { virials in
                    body(
                        Outputs(
                            surface: .init(energies: energies, forces: forces, virials: virials), heads: heads))
                }
            }
        }
    }

    /// The loss of a batch and its derivative by every weight, for given weights; what the tests differentiate.
    func lossAndGradient(_ batch: Batch, weights: [T]) -> (loss: Double, gradient: [T]) {
        binding.write(weights, to: executor, parallelism)
        return (gradient(of: batch, over: LossTerms(counting: batch.items)), gradient)
    }

    // MARK: Validation

    /// The loss and the errors on the validation set (the training set if that is empty) of the kept weights, or
    /// others.
    func validate(_ weights: [T]? = nil) throws -> Validation {
        let set = validation.count > 0 ? validation : training
        binding.write(weights ?? keptWeights, to: executor, parallelism)
        var predictions = Predictions(of: set, model.configuration)
        let batches = stride(from: 0, to: set.count, by: settings.validationBatchSize).map {
            $0..<min(set.count, $0 + settings.validationBatchSize)
        }
        for index in share(of: batches.indices) {
            let batch = Batch(try set.items(batches[index], parallelism))
            batch.withGraph { graph in
                executor.run(on: graph)
                withOutputs(on: graph) { predictions.set(batches[index], $0) }
            }
        }
        // Every number is zero on all processes but one.
        if let communicator { predictions.sum(over: communicator) }
        var validation = try predictions.compare(with: set, loss, parallelism)
        if let communicator {
            // What is decided by them is decided alike on unlike processors.
            var numbers = [validation.loss] + Property.all.map { validation.terms[$0] }
            communicator.broadcast(&numbers)
            validation.loss = numbers[0]
            for (label, number) in zip(Property.all, numbers.dropFirst()) { validation.terms[label] = number }
        }
        return validation
    }

    /// The loss of a model that says zero for everything but shifts and pair potential: the mean square of what is to
    /// be learned, if squares are what the loss measures.
    func lossOfZeros() throws -> Double {
        let set = validation.count > 0 ? validation : training
        return try Predictions(of: set, model.configuration).compare(with: set, loss, parallelism).loss
    }

    /// The name of a parameter of which a weight is not a finite number.
    var parameterOutOfRange: String? {
        zip(parameters.parameters, parameters.offsets).first { parameter, offset in
            !weights[offset..<offset + parameter.count].allSatisfy(\.isFinite)
        }?.0.name
    }

    /// Takes note of an epoch's validation loss.
    func adjustLearningRate(_ validationLoss: Double) { schedule.step(validationLoss) }

    /// Goes back to an earlier state, and on from there at half the rate.
    func rollBack(to earlier: TrainerState) {
        let halvings = schedule.halvings + 1
        state = earlier
        while schedule.halvings < halvings { schedule.halve() }
    }

    /// Begins the schedule anew, from this epoch on.
    func restartSchedule() { schedule.restart(after: epoch) }

    /// Lets the schedule forget losses that do not compare with those to come.
    func forgetLosses() { schedule.forgetLosses() }

    /// Takes the weights of rank 0 and all that goes with them: processors that are not alike may round otherwise.
    func synchronize() {
        guard let communicator else { return }
        func take(_ values: inout [T]) {
            var numbers = values.map { Double($0) }
            communicator.broadcast(&numbers)
            if communicator.rank != 0 { values = numbers.map { T($0) } }
        }
        take(&weights)
        take(&optimizer.first)
        take(&optimizer.second)
        take(&optimizer.largest)
        if average != nil { take(&average!.values) }
    }

    // MARK: Checkpoints

    var state: TrainerState {
        get {
            func doubles(_ values: [T]) -> [Double] { values.map { Double($0) } }
            return TrainerState(
                epoch: epoch, weights: doubles(weights), first: doubles(optimizer.first),
                second: doubles(optimizer.second), largest: doubles(optimizer.largest), steps: optimizer.step,
                rateSquares: optimizer.rateSquares,
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
            optimizer.rateSquares = newValue.rateSquares
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
