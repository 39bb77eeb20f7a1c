import Atoms
import Compute
import Foundation
import Network
import Programs

/// A training from what was prepared to the files in its output folder.
public final class TrainingRun: Sendable {
    public let preparation: TrainingPreparation
    public let settings: TrainingSettings
    public let model: NequIPModel
    /// The folder that everything is written to.
    public let output: String
    /// Which member of a committee is trained, from 0; `nil` for a potential alone.
    public let member: Int?
    public let training: DataSet
    let parallelism: Parallelism
    /// The processes that train it together; `nil` for one alone. Only rank 0 writes and reports.
    let communicator: (any Communicator)?
    private var writes: Bool { communicator.map { $0.rank == 0 } ?? true }

    /// Sets up the training of a potential alone, or of one member of a committee. Writes nothing.
    ///
    /// Members differ by the seed of first weights and batches, and each sees its own share of the training structures.
    public init(
        _ preparation: TrainingPreparation, member: Int? = nil, parallelism: Parallelism,
        communicator: (any Communicator)? = nil
    ) throws {
        self.communicator = communicator
        self.preparation = preparation
        (settings, model) = (preparation.settings, preparation.model)
        self.member = member
        self.parallelism = parallelism
        let folder = preparation.settings.output
        output = member.map { Self.folder(ofMember: $0, in: folder) } ?? folder
        seed = preparation.settings.seed + UInt64(member ?? 0)
        frozen = try preparation.start?.frozen(in: preparation.model) ?? []
        let all = preparation.training
        guard let member, settings.committee.share < 1 else {
            training = all
            return
        }
        let count = max(1, Int((settings.committee.share * Double(all.count)).rounded()))
        let drawn = Permutation.shuffled(all.count, seed: settings.seed, round: -3 - member)
        training = all.subset(drawn.prefix(count).sorted())
    }

    private let seed: UInt64
    /// A validation loss so many times the best one is taken for a divergence, as is one that is not a number.
    private static let largestRise = 1e4
    /// Names of parameters that are not trained.
    let frozen: Set<String>

    static func folder(ofMember member: Int, in output: String) -> String { "\(output)/member-\(member + 1)" }

    public var validation: DataSet { preparation.validation }

    /// What happens, for those who watch.
    public enum Event {
        /// After a batch: its number in this epoch, with the seconds trained in all and those left.
        case step(epoch: Int, step: Int, of: Int, loss: Double, seconds: Double, remaining: Double?)
        /// After an epoch.
        case epoch(EpochReport)
        /// The training has diverged: the loss was not a finite number, or far above the best. It goes on from the end
        /// of this epoch at this rate.
        case rollback(toEpoch: Int, learningRate: Double)
    }

    public struct EpochReport: Sendable {
        public var epoch: Int
        public var trainingLoss: Double
        public var validationLoss: Double
        public var errors: GroupedErrors
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
        public var errors: GroupedErrors
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
            settings, model, preparation.firstWeights(seed: seed), frozen: frozen, seed: seed, training: training,
            replay: preparation.replay, validation: validation, parallelism: parallelism,
            communicator: communicator)
        var state = trainer.state
        if resuming { state = try resume(trainer) }
        if writes { try makeOutputFolder() }
        let metrics =
            !writes
            ? nil
            : try MetricsFile(
                path: metricsPath, groupsPath: output + "/metrics_by_group.csv",
                elements: model.configuration.elements,
                keepingEpochs: resuming ? state.epoch : nil)
        let events = settings.tensorboard && writes ? try EventFile(inFolder: output) : nil
        let before = state.seconds
        let start = Date()
        func seconds() -> Double { before + Date().timeIntervalSince(start) }
        /// What rank 0 says, so that all ranks end together.
        func agreed(_ isTrue: Bool) -> Bool { communicator?.agreed(isTrue) ?? isTrue }
        func remaining(_ done: Double) -> Double? {
            let fresh = done - Double(state.epoch)
            let byEpochs =
                fresh > 0 ? (seconds() - before) / fresh * (Double(settings.maxEpochs) - done) : Double.infinity
            let byTime = settings.maxTime.map { max(0, $0 - seconds()) } ?? .infinity
            let least = min(byEpochs, byTime)
            return least.isFinite ? least : nil
        }
        var best = (loss: state.bestLoss, epoch: state.bestEpoch)
        var progress = (loss: state.progressLoss, epoch: state.progressEpoch)

        /// Validates; keeps what is best. Nothing where the training has diverged.
        func validate() throws -> (loss: Double, errors: GroupedErrors, isBest: Bool)? {
            let (loss, errors) = try trainer.validate()
            guard loss.isFinite, loss <= Self.largestRise * best.loss else { return nil }
            let isBest = loss < best.loss
            if isBest {
                best = (loss, trainer.epoch)
                if writes {
                    try potential(trainer.keptParameters, errors: errors.all, epochs: trainer.epoch).write(
                        to: potentialPath)
                }
            }
            return (loss, errors, isBest)
        }

        /// Validates and writes the files of an epoch; false where the training has diverged.
        func finish(trainingLoss: Double) throws -> Bool {
            guard let (loss, errors, isBest) = try validate() else { return false }
            if loss < progress.loss - (settings.earlyStopping?.minDelta ?? 0) { progress = (loss, trainer.epoch) }
            if trainer.epoch > 0 { trainer.adjustLearningRate(loss) }
            let now = seconds()
            let structures = trainer.structuresPerEpoch * (trainer.epoch - state.epoch)
            let summary = EpochReport(
                epoch: trainer.epoch, trainingLoss: trainingLoss, validationLoss: loss, errors: errors,
                learningRate: trainer.schedule.learningRate, isBest: isBest,
                structuresPerSecond: Double(structures) / max(now - before, 1e-9), seconds: now,
                remaining: remaining(Double(trainer.epoch)))
            try metrics?.append(summary)
            try events?.append(summary)
            var saved = trainer.state
            (saved.bestLoss, saved.bestEpoch, saved.seconds) = (best.loss, best.epoch, now)
            (saved.progressLoss, saved.progressEpoch) = progress
            lastGood = saved
            guard writes else { return true }
            try checkpoint(saved).write(to: checkpointPath)
            report(.epoch(summary))
            return true
        }

        var lastGood = state
        /// Goes back to the last epoch at half the rate; throws when that was done too often.
        func rollBack() throws {
            guard trainer.schedule.halvings < settings.maxRollbacks else {
                throw TrainingError(
                    "the training diverges (the loss is not a finite number, or \(Self.largestRise) times the best) in epoch \(trainer.epoch + 1), after \(trainer.schedule.halvings) times of going back at half the rate: lower training.optimizer.learning_rate, or set training.gradient_clip; the best potential so far is kept"
                )
            }
            trainer.rollBack(to: lastGood)
            if writes { report(.rollback(toEpoch: trainer.epoch, learningRate: trainer.schedule.learningRate)) }
        }

        // The initialised potential is the first to be kept.
        if !resuming, try !finish(trainingLoss: .nan) {
            throw TrainingError(
                "the loss of the first weights is not a finite number: atoms of the data are probably on top of each other; apus check-data finds them"
            )
        }
        var ending = Ending.maxEpochs
        var (cutShort, bestIsCutShort) = (0, false)
        training: while trainer.epoch < settings.maxEpochs {
            let epoch = trainer.epoch
            var isLate = false
            var (reported, taken) = (seconds(), 0)
            let outcome = try trainer.runEpoch { step, loss in
                let now = seconds()
                taken = step
                if writes, now - reported > 0.2 {
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
            switch outcome {
            case .stopped:
                ending = agreed(isLate) ? .maxTime : .interrupted
                cutShort = taken
                bestIsCutShort = try validate()?.isBest ?? false
                break training
            case .diverged:
                try rollBack()
                continue training
            case .finished(let loss):
                guard try finish(trainingLoss: loss) else {
                    try rollBack()
                    continue training
                }
            }
            if let stopping = settings.earlyStopping, trainer.epoch - progress.epoch >= stopping.patience {
                ending = .earlyStopping
                break
            }
            if agreed(isLate || settings.maxTime.map { seconds() >= $0 } ?? false) {
                ending = .maxTime
                break
            }
            if agreed(isInterrupted()) {
                ending = .interrupted
                break
            }
        }
        var errors = GroupedErrors()
        if writes {
            let kept = try Potential(contentsOf: potentialPath)
            errors = try Evaluation(of: kept, parallelism: parallelism).writePredictions(
                for: validation.count > 0 ? validation : training, to: output + "/validation.xyz")
        }
        return Summary(
            ending: ending, epochs: trainer.epoch, steps: cutShort, seconds: seconds(), bestEpoch: best.epoch,
            bestIsCutShort: bestIsCutShort, errors: errors)
    }

    private func potential(_ parameters: ParameterSet, errors: ErrorMeasures, epochs: Int) throws -> Potential {
        var provenance = Potential.Provenance()
        provenance.created = Date().ISO8601Format()
        provenance.data = preparation.data
        provenance.epochs = epochs
        provenance.trainingConfiguration = settings.text
        for (name, value) in errors.named { if let value { provenance.validationErrors[name] = value } }
        // Of a potential that is trained further, what it has seen before counts too.
        let shortestDistances = preparation.statistics.shortestDistances.merging(
            preparation.start?.potential.shortestDistances ?? [:], uniquingKeysWith: min)
        var potential = Potential(
            configuration: model.configuration, parameters: parameters, precision: settings.precision,
            provenance: provenance, shortestDistances: shortestDistances)
        let interaction = try potential.interaction(parallelism: .serial)
        potential.references = try preparation.references.map { try ReferenceStructure($0, under: interaction) }
        return potential
    }
}
