import Atoms
import Compute
import Foundation
import Network
import Programs

/// A training from its settings to the files in its output folder.
public final class TrainingRun {
    public let settings: TrainingSettings
    public let model: NequIPModel
    public let statistics: DataStatistics
    /// What was taken from the data, and warnings, for people.
    public let remarks: [Remark]
    public let training: DataSet
    public let validation: DataSet
    let data: [Potential.Provenance.DataFile]
    let splitDigest: String
    private let references: [Structure]
    let parallelism: Parallelism

    /// What happens, for those who watch.
    public enum Event {
        /// After a batch: its number in this epoch, with the seconds trained in all and those left.
        case step(epoch: Int, step: Int, of: Int, loss: Double, seconds: Double, remaining: Double?)
        /// After an epoch.
        case epoch(EpochReport)
    }

    public struct EpochReport: Sendable {
        public var epoch: Int
        public var trainingLoss: Double
        public var validationLoss: Double
        public var errors: ErrorMeasures
        public var learningRate: Double
        public var isBest: Bool
        public var structuresPerSecond: Double
        public var seconds: Double
        /// Seconds until max_epochs or max_time, whichever comes first.
        public var remaining: Double?
    }

    public enum Ending: String, Sendable {
        case maxEpochs = "max_epochs reached"
        case maxTime = "max_time reached"
        case earlyStopping = "the validation loss stopped falling (early_stopping)"
        case interrupted = "interrupted"
    }

    public struct Summary: Sendable {
        public var ending: Ending
        /// Whole epochs.
        public var epochs: Int
        /// Batches of an epoch that was cut short.
        public var steps: Int
        public var seconds: Double
        public var bestEpoch: Int
        /// Whether the kept potential has seen a part of the epoch that was cut short.
        public var bestIsCutShort: Bool
        /// Of the kept potential, on the validation set.
        public var errors: ErrorMeasures
    }

    /// Reads the data and sets up the model; writes nothing.
    public init(_ settings: TrainingSettings, parallelism: Parallelism) throws {
        self.settings = settings
        self.parallelism = parallelism
        let data = try TrainingData(settings)
        let structures = data.training.map(\.structure)
        let elements = settings.model.elements ?? DataStatistics.elements(of: structures)
        statistics = try DataStatistics(
            structures, cutoff: settings.model.rMax, pairPotential: settings.model.pairInteraction(elements),
            parallelism: parallelism)
        let (configuration, remarks) = try settings.model.configuration(
            from: structures, statistics, isolatedAtoms: data.isolatedAtoms)
        self.remarks = remarks + data.remarks
        model = try NequIPModel(configuration)
        try Self.checkElements(data.training, configuration, "data.train")
        try Self.checkElements(data.validation, configuration, "data.validation")
        training = try DataSet(structures, for: configuration, parallelism: parallelism)
        validation = try DataSet(data.validation.map(\.structure), for: configuration, parallelism: parallelism)
        guard validation.count == 0 || validation.items.contains(where: { $0.isLabelled(for: settings.loss) }) else {
            throw TrainingError(
                "data.validation: none of its \(validation.count) structures has a label that training.loss asks for, so no potential could be chosen by it"
            )
        }
        self.data = data.files
        splitDigest = data.splitDigest
        references = Self.references(among: structures)
    }

    private static func checkElements(
        _ samples: [TrainingData.Sample], _ configuration: ModelConfiguration, _ key: String
    ) throws {
        let known = Set(configuration.elements)
        for sample in samples {
            guard let stranger = sample.structure.elements.first(where: { !known.contains($0) }) else { continue }
            throw TrainingError(
                "\(key): \(sample.place) holds \(stranger), which is not among the model's elements \(configuration.typeNames.joined(separator: ", "))"
            )
        }
    }

    /// The two smallest structures, which are quickly computed again; in the second the atoms are displaced, so that
    /// no symmetry hides an error. One structure serves twice.
    private static func references(among structures: [Structure]) -> [Structure] {
        let smallest = structures.indices.sorted { (structures[$0].count, $0) < (structures[$1].count, $1) }
        guard let first = smallest.first else { return [] }
        var displaced = structures[smallest.count > 1 ? smallest[1] : first]
        let random = Philox(seed: 1)
        for index in displaced.positions.indices {
            let x = random.uniforms(at: Philox.counter(step: 0, index: index, stream: 0))
            displaced.positions[index] += (SIMD3(x.x, x.y, x.z) - 0.5) * 0.1
        }
        return [structures[first], displaced]
    }

    /// Trains until an end is reached. `isInterrupted` is asked after every batch.
    ///
    /// Writes the best potential, a checkpoint and metrics.csv after every epoch, each whole or not at all. An epoch
    /// that is cut short leaves its potential if that is the best, and no other trace: resuming runs it again.
    public func run(
        resuming: Bool, isInterrupted: () -> Bool, report: (Event) -> Void
    ) throws -> Summary {
        switch settings.precision {
        case .float32: try run(as: Float.self, resuming: resuming, isInterrupted: isInterrupted, report: report)
        case .float64: try run(as: Double.self, resuming: resuming, isInterrupted: isInterrupted, report: report)
        }
    }

    private func run<T>(
        as type: T.Type, resuming: Bool, isInterrupted: () -> Bool, report: (Event) -> Void
    ) throws -> Summary where T: ExecutableScalar {
        let trainer = Trainer<T>(
            settings, model, training: training, validation: validation, parallelism: parallelism)
        var state = trainer.state
        if resuming { state = try resume(trainer) }
        try makeOutputFolder()
        var metrics = try MetricsFile(path: metricsPath, keepingEpochs: resuming ? state.epoch : nil)
        let before = state.seconds
        let start = Date()
        func seconds() -> Double { before + Date().timeIntervalSince(start) }
        func remaining(_ done: Double) -> Double? {
            let fresh = done - Double(state.epoch)
            let byEpochs =
                fresh > 0 ? (seconds() - before) / fresh * (Double(settings.maxEpochs) - done) : Double.infinity
            let byTime = settings.maxTime.map { max(0, $0 - seconds()) } ?? .infinity
            let least = min(byEpochs, byTime)
            return least.isFinite ? least : nil
        }
        var best = (loss: state.bestLoss, epoch: state.bestEpoch, errors: ErrorMeasures?.none)
        var progress = (loss: state.progressLoss, epoch: state.progressEpoch)

        /// Validates; keeps what is best.
        func validate() throws -> (loss: Double, errors: ErrorMeasures, isBest: Bool) {
            let (loss, errors) = trainer.validate()
            guard loss.isFinite else {
                throw TrainingError(
                    "the validation loss is not a finite number after epoch \(trainer.epoch): lower training.optimizer.learning_rate, or set training.gradient_clip; the best potential so far is kept"
                )
            }
            let isBest = loss < best.loss
            if isBest {
                best = (loss, trainer.epoch, errors)
                try potential(trainer.keptParameters, errors: errors, epochs: trainer.epoch).write(to: potentialPath)
            }
            return (loss, errors, isBest)
        }

        /// Validates and writes the files of an epoch.
        func finish(trainingLoss: Double) throws {
            let (loss, errors, isBest) = try validate()
            if loss < progress.loss - (settings.earlyStopping?.minDelta ?? 0) { progress = (loss, trainer.epoch) }
            if trainer.epoch > 0 { trainer.adjustLearningRate(loss) }
            let now = seconds()
            let summary = EpochReport(
                epoch: trainer.epoch, trainingLoss: trainingLoss, validationLoss: loss, errors: errors,
                learningRate: trainer.schedule.learningRate, isBest: isBest,
                structuresPerSecond: Double(training.count * (trainer.epoch - state.epoch)) / max(now - before, 1e-9),
                seconds: now, remaining: remaining(Double(trainer.epoch)))
            try metrics.append(summary)
            var saved = trainer.state
            (saved.bestLoss, saved.bestEpoch, saved.seconds) = (best.loss, best.epoch, now)
            (saved.progressLoss, saved.progressEpoch) = progress
            try checkpoint(saved).write(to: checkpointPath)
            report(.epoch(summary))
        }

        // The initialised potential is the first to be kept.
        if !resuming { try finish(trainingLoss: .nan) }
        var ending = Ending.maxEpochs
        var (cutShort, bestIsCutShort) = (0, false)
        while trainer.epoch < settings.maxEpochs {
            let epoch = trainer.epoch
            var isLate = false
            var (reported, taken) = (seconds(), 0)
            let loss = try trainer.runEpoch { step, loss in
                let now = seconds()
                taken = step
                if now - reported > 0.2 {
                    reported = now
                    let done = Double(epoch) + Double(step) / Double(trainer.stepsPerEpoch)
                    report(
                        .step(
                            epoch: epoch + 1, step: step, of: trainer.stepsPerEpoch, loss: loss, seconds: now,
                            remaining: remaining(done)))
                }
                isLate = settings.maxTime.map { now >= $0 } ?? false
                return isInterrupted() || isLate && step < trainer.stepsPerEpoch
            }
            guard let loss else {
                ending = isLate ? .maxTime : .interrupted
                cutShort = taken
                bestIsCutShort = try validate().isBest
                break
            }
            try finish(trainingLoss: loss)
            if let stopping = settings.earlyStopping, trainer.epoch - progress.epoch >= stopping.patience {
                ending = .earlyStopping
                break
            }
            if isLate || settings.maxTime.map({ seconds() >= $0 }) ?? false {
                ending = .maxTime
                break
            }
            if isInterrupted() {
                ending = .interrupted
                break
            }
        }
        return Summary(
            ending: ending, epochs: trainer.epoch, steps: cutShort, seconds: seconds(), bestEpoch: best.epoch,
            bestIsCutShort: bestIsCutShort, errors: try best.errors ?? errorsOfKeptPotential())
    }

    /// Of a potential that an earlier run has left.
    private func errorsOfKeptPotential() throws -> ErrorMeasures {
        let kept = try Potential(contentsOf: potentialPath)
        return try Evaluation(of: kept, parallelism: parallelism).errors(
            on: (validation.count > 0 ? validation : training).items.map(\.structure))
    }

    private func potential(_ parameters: ParameterSet, errors: ErrorMeasures, epochs: Int) throws -> Potential {
        var provenance = Potential.Provenance()
        provenance.created = Date().ISO8601Format()
        provenance.data = data
        provenance.epochs = epochs
        provenance.trainingConfiguration = settings.text
        for (name, value) in errors.named { if let value { provenance.validationErrors[name] = value } }
        var potential = Potential(
            configuration: model.configuration, parameters: parameters, precision: settings.precision,
            provenance: provenance, shortestDistances: statistics.shortestDistances)
        let interaction = try potential.interaction(parallelism: .serial)
        potential.references = try references.map { try ReferenceStructure($0, under: interaction) }
        return potential
    }
}
