import CPUExecutor
import Compute
import Foundation
import Layers
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
    private let watch = Stopwatch()
    /// The state after the last epoch, to go back to: what the checkpoint becomes.
    private var lastGood: TrainerState
    /// The kept potential where the file is still an earlier one.
    private var unsaved: (parameters: ParameterSet, errors: ErrorMeasures, epochs: Int)?
    /// Whether the checkpoint is that of `lastGood`.
    private var isSaved = true
    /// When potential and checkpoint were written last, and how long that took, s.
    private var lastSave = (time: -Double.infinity, duration: 0.0)
    /// The kept potential's score and epoch.
    private var kept: (score: Double, epoch: Int)
    /// The lowest validation loss, as long as it was lower by `min_delta`: what `early_stopping` and the loss of a
    /// training that diverges are compared with.
    private var progress: (loss: Double, epoch: Int)

    private var settings: TrainingSettings { training.settings }

    /// A validation loss so many times the lowest one is taken for a divergence, as is one that is not a number.
    private static var largestRise: Double { 1e4 }
    /// What a validation loss may always be: that of saying nothing. A start from what a potential says itself has a
    /// loss of nearly zero, and any step is far above that.
    private let harmless: Double

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
        trainer.synchronize()
        harmless = try trainer.lossOfZeros()
        (first, lastGood) = (state, state)
        kept = (state.keptScore, state.keptEpoch)
        progress = (state.progressLoss, state.progressEpoch)
        guard training.writes else {
            (metrics, events) = (nil, nil)
            return
        }
        try training.folder.make()
        metrics = try MetricsFile(
            path: training.metricsPath, groupsPath: training.folder.groupMetrics,
            elements: training.model.configuration.elements,
            others: Assembly(training.model.configuration).properties,
            keepingEpochs: resuming ? state.epoch : nil)
        events = training.settings.tensorboard ? try EventFile(inFolder: training.output) : nil
    }

    func run() throws -> TrainingRun.Summary {
        do {
            let summary = try train()
            try save()
            return try withErrors(summary)
        } catch {
            // The first error is what counts.
            try? save()
            throw error
        }
    }

    /// Trains until an end is reached; the summary's errors are still to be found.
    private func train() throws -> TrainingRun.Summary {
        // The initialised potential is the first to be kept.
        if !isResuming, try finishEpoch(trainingLoss: .nan) != nil {
            throw TrainingError("the loss of the first weights is not a finite number: " + causeOfTheFirstLoss)
        }
        var ending = TrainingRun.Ending.maxEpochs
        var cutShort: (steps: Int, isKept: Bool) = (0, false)
        while trainer.epoch < settings.maxEpochs {
            let (outcome, steps) = try runEpoch()
            switch outcome {
            case .diverged(let step): try rollBack(.batch(step, parameter: trainer.parameterOutOfRange))
            case .stopped:
                ending = agreed(isLate) ? .maxTime : .interrupted
                cutShort = (steps, try validateCutShort())
                // `max_time` counts what the epoch has taken.
                keepTime()
            case .finished(let loss):
                if let divergence = try finishEpoch(trainingLoss: loss) {
                    try rollBack(divergence)
                    continue
                }
                if let reached = endReached() {
                    ending = reached
                    // The state was taken a moment before the time was over.
                    if reached == .maxTime { keepTime() }
                }
            }
            if ending != .maxEpochs { break }
        }
        return TrainingRun.Summary(
            ending: ending, epochs: trainer.epoch, steps: cutShort.steps, seconds: seconds,
            structuresPerSecond: structuresPerSecond(
                after: Double(trainer.epoch) + Double(cutShort.steps) / Double(trainer.stepsPerEpoch)),
            keptEpoch: kept.epoch, keptIsCutShort: cutShort.isKept, errors: GroupedErrors())
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

    /// Validates, and writes what an epoch adds to the files; returns how the training has diverged, if it has.
    private func finishEpoch(trainingLoss: Double) throws -> Divergence? {
        trainer.synchronize()
        let (validation, isKept): (Validation, Bool)
        switch try validate() {
        case .failure(let failure): return failure.divergence
        case .success(let found): (validation, isKept) = found
        }
        if validation.loss < progress.loss - (settings.earlyStopping?.minDelta ?? 0) {
            progress = (validation.loss, trainer.epoch)
        }
        if trainer.epoch > 0 { trainer.adjustLearningRate(validation.loss) }
        let now = seconds
        lastGood = trainer.state
        (lastGood.keptScore, lastGood.keptEpoch, lastGood.seconds) = (kept.score, kept.epoch, now)
        (lastGood.progressLoss, lastGood.progressEpoch) = progress
        isSaved = false
        guard training.writes else { return nil }
        let summary = TrainingRun.EpochReport(
            epoch: trainer.epoch, trainingLoss: trainingLoss, validationLoss: validation.loss,
            errors: validation.errors, learningRate: trainer.schedule.learningRate, isKept: isKept,
            keptEpoch: kept.epoch,
            structuresPerSecond: structuresPerSecond(after: Double(trainer.epoch)), seconds: now,
            remaining: remaining(after: Double(trainer.epoch)))
        try metrics?.append(summary)
        try events?.append(summary)
        if isTimeToSave { try save() }
        report(.epoch(summary))
        return nil
    }

    private func keepTime() {
        lastGood.seconds = seconds
        isSaved = false
    }

    /// Validates the weights of an epoch that is cut short, and tells whether they are kept.
    private func validateCutShort() throws -> Bool {
        trainer.synchronize()
        return if case .success(let found) = try validate() { found.isKept } else { false }
    }

    private struct Diverged: Error { var divergence: Divergence }

    /// Validates, and remembers the potential if it is to be kept.
    private func validate() throws -> Result<(validation: Validation, isKept: Bool), Diverged> {
        let validation = try trainer.validate()
        let score = settings.keep.score(validation)
        guard validation.loss.isFinite else { return .failure(Diverged(divergence: .validationNotFinite)) }
        guard validation.loss <= max(Self.largestRise * progress.loss, harmless) else {
            return .failure(Diverged(divergence: .rise(validation.loss, above: progress.loss)))
        }
        guard score < kept.score || settings.keep == .last else { return .success((validation, false)) }
        kept = (score, trainer.epoch)
        if training.writes { unsaved = (trainer.keptParameters, validation.errors.all, trainer.epoch) }
        return .success((validation, true))
    }

    /// Goes back to the last epoch at half the rate; throws when that was done too often, or cannot help.
    private func rollBack(_ divergence: Divergence) throws {
        let (halvings, epoch) = (trainer.schedule.halvings, lastGood.epoch + 1)
        if case .batch(1, nil) = divergence, lastGood.steps == 0 {
            throw TrainingError(
                "the training cannot begin: \(divergence.description), before any step is taken, so that no learning rate helps: apus check-data looks for labels that are out of range; the potential kept so far stays"
            )
        }
        guard halvings < settings.maxRollbacks else {
            throw TrainingError(
                "the training diverges in epoch \(epoch): \(divergence.description); \(halvings) times of going back at half the rate have not helped: lower training.optimizer.learning_rate, or set training.gradient_clip; the potential kept so far stays"
            )
        }
        trainer.rollBack(to: lastGood)
        guard training.writes else { return }
        report(.rollback(toEpoch: trainer.epoch, learningRate: trainer.schedule.learningRate))
    }

    /// Why the first weights have a loss that is no number.
    private var causeOfTheFirstLoss: String {
        guard harmless.isFinite else { return "labels of the data are out of all range; apus check-data finds them" }
        let nearest = training.preparation.statistics.shortestDistances.min { $0.value < $1.value }
        // Half the shortest bond that there is, that of hydrogen.
        if let nearest, nearest.value < 0.37 {
            return
                "atoms of the data are on top of each other (\(nearest.key) \(String(format: "%.3g", nearest.value)) Å apart); apus check-data finds them"
        }
        return "labels, or numbers given under model, are out of range; apus check-data looks at the former"
    }

    // MARK: Files

    /// Potential and checkpoint take at most a twentieth of the time where epochs are short; ten minutes may be lost
    /// where a disk is slow.
    private var isTimeToSave: Bool { seconds - lastSave.time >= min(19 * lastSave.duration, 600) }

    /// Brings the files of the kept potential and of the checkpoint up to the last epoch.
    private func save() throws {
        guard training.writes else { return }
        let before = seconds
        if let kept = unsaved {
            try training.potential(kept.parameters, errors: kept.errors, epochs: kept.epochs)
                .write(to: training.potentialPath)
            unsaved = nil
        }
        guard !isSaved else { return }
        try training.checkpoint(lastGood).write(to: training.checkpointPath)
        isSaved = true
        lastSave = (seconds, seconds - before)
    }

    /// Writes validation.xyz, what the kept potential says beside the labels, and adds its errors.
    private func withErrors(_ summary: TrainingRun.Summary) throws -> TrainingRun.Summary {
        guard training.writes else { return summary }
        var summary = summary
        let kept = try Potential(contentsOf: training.potentialPath)
        summary.errors = try Evaluation(of: kept, parallelism: training.parallelism).writePredictions(
            for: training.judging, to: training.folder.predictions)
        return summary
    }

    // MARK: Time

    /// Trained in all, that before a pause included.
    private var seconds: Double { first.seconds + watch.seconds }

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
