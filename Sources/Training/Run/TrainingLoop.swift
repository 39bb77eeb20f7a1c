import CPUExecutor
import Foundation
import Models
import Potentials
import Programs

/// The loop of a training in one precision: epochs until an end is reached, validation, files, and going back when the
/// loss explodes.
final class TrainingLoop<T: ExecutableScalar> {
    private let training: TrainingRun
    private let trainer: Trainer<T>
    private let isResuming: Bool
    private let isInterrupted: () -> Bool
    private let report: (TrainingRun.Event) -> Void
    /// Rank 0's alone.
    private let metrics: MetricsFile?
    private let events: EventFile?
    /// What the trainer was when this part of the training began.
    private let first: TrainerState
    private let start = Date()
    /// The state after the last epoch, to go back to.
    private var lastGood: TrainerState
    /// The kept potential's score and epoch.
    private var kept: (score: Double, epoch: Int)
    /// The lowest validation loss, as long as it was lower by `min_delta`: what `early_stopping` and the loss of a
    /// training that diverges are compared with.
    private var progress: (loss: Double, epoch: Int)

    private var settings: TrainingSettings { training.settings }

    /// A validation loss so many times the lowest one is taken for a divergence, as is one that is not a number.
    private static var largestRise: Double { 1e4 }

    /// Reads the checkpoint if there is something to resume, and begins or continues the files of errors.
    init(
        _ training: TrainingRun, resuming: Bool, _ isInterrupted: @escaping () -> Bool,
        _ report: @escaping (TrainingRun.Event) -> Void
    ) throws {
        self.training = training
        (isResuming, self.isInterrupted, self.report) = (resuming, isInterrupted, report)
        trainer = Trainer<T>(
            training.settings, training.model, training.preparation.firstWeights(seed: training.seed),
            frozen: training.frozen, seed: training.seed, training: training.training,
            replay: training.preparation.replay, validation: training.validation, parallelism: training.parallelism,
            communicator: training.communicator)
        let state = resuming ? try training.resume(trainer) : trainer.state
        (first, lastGood) = (state, state)
        kept = (state.keptScore, state.keptEpoch)
        progress = (state.progressLoss, state.progressEpoch)
        guard training.writes else {
            (metrics, events) = (nil, nil)
            return
        }
        try training.makeOutputFolder()
        metrics = try MetricsFile(
            path: training.metricsPath, groupsPath: training.output + "/metrics_by_group.csv",
            elements: training.model.configuration.elements, keepingEpochs: resuming ? state.epoch : nil)
        events = training.settings.tensorboard ? try EventFile(inFolder: training.output) : nil
    }

    func run() throws -> TrainingRun.Summary {
        // The initialised potential is the first to be kept.
        if !isResuming, try !finishEpoch(trainingLoss: .nan) {
            throw TrainingError(
                "the loss of the first weights is not a finite number: atoms of the data are probably on top of each other; apus check-data finds them"
            )
        }
        var ending = TrainingRun.Ending.maxEpochs
        var cutShort: (steps: Int, isKept: Bool) = (0, false)
        while trainer.epoch < settings.maxEpochs {
            let (outcome, steps) = try runEpoch()
            switch outcome {
            case .diverged: try rollBack()
            case .stopped:
                ending = agreed(isLate) ? .maxTime : .interrupted
                cutShort = (steps, try validate()?.isKept ?? false)
            case .finished(let loss):
                guard try finishEpoch(trainingLoss: loss) else {
                    try rollBack()
                    continue
                }
                if let reached = endReached() { ending = reached }
            }
            if ending != .maxEpochs { break }
        }
        return TrainingRun.Summary(
            ending: ending, epochs: trainer.epoch, steps: cutShort.steps, seconds: seconds,
            structuresPerSecond: structuresPerSecond(
                after: Double(trainer.epoch) + Double(cutShort.steps) / Double(trainer.stepsPerEpoch)),
            keptEpoch: kept.epoch, keptIsCutShort: cutShort.isKept, errors: try writePredictions())
    }

    /// What the settings or the user end the training by after a whole epoch.
    private func endReached() -> TrainingRun.Ending? {
        if let stopping = settings.earlyStopping, trainer.epoch - progress.epoch >= stopping.patience {
            return .earlyStopping
        }
        if agreed(isLate) { return .maxTime }
        return agreed(isInterrupted()) ? .interrupted : nil
    }

    // MARK: Epochs

    /// Runs an epoch, and tells how many batches of it were taken.
    private func runEpoch() throws -> (outcome: Trainer<T>.Outcome, steps: Int) {
        let epoch = trainer.epoch
        var (reported, taken) = (seconds, 0)
        let outcome = try trainer.runEpoch { step, loss in
            taken = step
            let now = seconds
            if training.writes, now - reported > 0.2 {
                reported = now
                let done = Double(epoch) + Double(step) / Double(trainer.stepsPerEpoch)
                report(
                    .step(
                        epoch: epoch + 1, step: step, of: trainer.stepsPerEpoch, loss: loss,
                        structuresPerSecond: structuresPerSecond(after: done), seconds: now,
                        remaining: remaining(after: done)))
            }
            return isInterrupted() || isLate && step < trainer.stepsPerEpoch
        }
        return (outcome, taken)
    }

    /// Validates and writes the files of an epoch; false where the training has diverged.
    private func finishEpoch(trainingLoss: Double) throws -> Bool {
        guard let (validation, isKept) = try validate() else { return false }
        if validation.loss < progress.loss - (settings.earlyStopping?.minDelta ?? 0) {
            progress = (validation.loss, trainer.epoch)
        }
        if trainer.epoch > 0 { trainer.adjustLearningRate(validation.loss) }
        let now = seconds
        lastGood = trainer.state
        (lastGood.keptScore, lastGood.keptEpoch, lastGood.seconds) = (kept.score, kept.epoch, now)
        (lastGood.progressLoss, lastGood.progressEpoch) = progress
        guard training.writes else { return true }
        let summary = TrainingRun.EpochReport(
            epoch: trainer.epoch, trainingLoss: trainingLoss, validationLoss: validation.loss,
            errors: validation.errors, learningRate: trainer.schedule.learningRate, isKept: isKept,
            structuresPerSecond: structuresPerSecond(after: Double(trainer.epoch)), seconds: now,
            remaining: remaining(after: Double(trainer.epoch)))
        try metrics?.append(summary)
        try events?.append(summary)
        try training.checkpoint(lastGood).write(to: training.checkpointPath)
        report(.epoch(summary))
        return true
    }

    /// Validates, and writes the potential if it is to be kept. Nothing where the training has diverged.
    private func validate() throws -> (Validation, isKept: Bool)? {
        let validation = try trainer.validate()
        let score = settings.keep.score(validation)
        guard validation.loss.isFinite, validation.loss <= Self.largestRise * progress.loss else { return nil }
        guard score < kept.score || settings.keep == .last else { return (validation, false) }
        kept = (score, trainer.epoch)
        if training.writes {
            try training.potential(trainer.keptParameters, errors: validation.errors.all, epochs: trainer.epoch)
                .write(to: training.potentialPath)
        }
        return (validation, true)
    }

    /// Goes back to the last epoch at half the rate; throws when that was done too often.
    private func rollBack() throws {
        let halvings = trainer.schedule.halvings
        guard halvings < settings.maxRollbacks else {
            throw TrainingError(
                "the training diverges (the loss is not a finite number, or \(Self.largestRise) times the best) in epoch \(trainer.epoch + 1), after \(halvings) times of going back at half the rate: lower training.optimizer.learning_rate, or set training.gradient_clip; the potential kept so far stays"
            )
        }
        trainer.rollBack(to: lastGood)
        guard training.writes else { return }
        report(.rollback(toEpoch: trainer.epoch, learningRate: trainer.schedule.learningRate))
    }

    /// Writes validation.xyz, what the kept potential says beside the labels, and returns its errors.
    private func writePredictions() throws -> GroupedErrors {
        guard training.writes else { return GroupedErrors() }
        let kept = try Potential(contentsOf: training.potentialPath)
        return try Evaluation(of: kept, parallelism: training.parallelism).writePredictions(
            for: training.judging, to: training.output + "/validation.xyz")
    }

    // MARK: Time

    /// Trained in all, that before a pause included.
    private var seconds: Double { first.seconds + Date().timeIntervalSince(start) }

    /// Since the training was begun or resumed; `done` counts epochs.
    private func structuresPerSecond(after done: Double) -> Double {
        Double(trainer.structuresPerEpoch) * (done - Double(first.epoch)) / max(seconds - first.seconds, 1e-9)
    }

    private var isLate: Bool { settings.maxTime.map { seconds >= $0 } ?? false }

    /// Seconds until max_epochs or max_time, whichever comes first; `done` counts epochs.
    private func remaining(after done: Double) -> Double? {
        let fresh = done - Double(first.epoch)
        let byEpochs =
            fresh > 0 ? (seconds - first.seconds) / fresh * (Double(settings.maxEpochs) - done) : Double.infinity
        let byTime = settings.maxTime.map { max(0, $0 - seconds) } ?? .infinity
        let least = min(byEpochs, byTime)
        return least.isFinite ? least : nil
    }

    /// What rank 0 says, so that all ranks end together.
    private func agreed(_ isTrue: Bool) -> Bool { training.communicator?.agreed(isTrue) ?? isTrue }
}
