import Atoms
import Compute
import Foundation
import Network
import Programs

/// A training from its settings to the files in its output folder.
public final class TrainingRun {
    public let settings: TrainingSettings
    public let model: NequIPModel
    public let trainingCount: Int
    public let validationCount: Int
    public let trainingAtoms: Int
    public let statistics: DataStatistics
    /// What was taken from the data, and warnings, for people.
    public let remarks: [String]
    private let training: DataSet
    private let validation: DataSet
    private let data: [Potential.Provenance.DataFile]
    private let references: [Structure]
    private let parallelism: Parallelism

    /// Files in the output folder.
    public var potentialPath: String { settings.output + "/potential.safetensors" }
    public var checkpointPath: String { settings.output + "/checkpoint.safetensors" }
    public var metricsPath: String { settings.output + "/metrics.csv" }

    /// What happens, for those who watch.
    public enum Event {
        /// After a batch: batches done in this epoch and in all epochs so far, with the seconds trained.
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
        public var epochs: Int
        public var seconds: Double
        public var bestEpoch: Int
        public var errors: ErrorMeasures
    }

    /// Reads the data and sets up the model; writes nothing.
    public init(_ settings: TrainingSettings, parallelism: Parallelism) throws {
        self.settings = settings
        self.parallelism = parallelism
        let (structures, held, files) = try TrainingData.load(settings)
        statistics = try DataStatistics(structures, cutoff: settings.model.rMax, parallelism: parallelism)
        let (configuration, remarks) = try settings.model.configuration(from: structures, statistics)
        self.remarks = remarks
        model = try NequIPModel(configuration)
        training = try DataSet(structures, for: configuration, parallelism: parallelism)
        do {
            validation = try DataSet(held, for: configuration, parallelism: parallelism)
        } catch let error as TrainingError {
            throw TrainingError("data.validation: \(error.message)")
        }
        guard validation.count == 0 || validation.items.contains(where: { $0.isLabelled(for: settings.loss) }) else {
            throw TrainingError(
                "data.validation: none of its \(validation.count) structures has a label that training.loss asks for, so no potential could be chosen by it"
            )
        }
        data = files
        (trainingCount, validationCount, trainingAtoms) = (training.count, validation.count, training.atoms)
        // The first structure, and the smallest of the others.
        references = [structures[0]] + (structures.dropFirst().min { $0.count < $1.count }.map { [$0] } ?? [])
    }

    /// Trains until an end is reached. `isInterrupted` is asked after every batch.
    ///
    /// Writes the best potential, a checkpoint and metrics.csv after every epoch, each whole or not at all.
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
        if resuming {
            state = try resume()
            trainer.state = state
        }
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
        var best = (loss: state.bestLoss, epoch: state.bestEpoch)
        var progress = (loss: state.progressLoss, epoch: state.progressEpoch)

        /// Validates, keeps what is best, and writes the files of an epoch.
        func finish(trainingLoss: Double) throws {
            let (loss, errors) = trainer.validate()
            guard loss.isFinite else {
                throw TrainingError(
                    "the validation loss is not a finite number after epoch \(trainer.epoch): lower training.optimizer.learning_rate, or set training.gradient_clip; the best potential so far is kept"
                )
            }
            let isBest = loss < best.loss
            if isBest {
                best = (loss, trainer.epoch)
                try potential(trainer.keptParameters, errors: errors, epochs: trainer.epoch).write(to: potentialPath)
            }
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
            try Checkpoint(state: saved, model: model.configuration, dataDigest: digest).write(to: checkpointPath)
            report(.epoch(summary))
        }

        // The initialised potential is the first to be kept.
        if !resuming { try finish(trainingLoss: .nan) }
        var ending = Ending.maxEpochs
        while trainer.epoch < settings.maxEpochs {
            let epoch = trainer.epoch
            var isLate = false
            var reported = seconds()
            let loss = try trainer.runEpoch { step, loss in
                let now = seconds()
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
        let kept = try Potential(contentsOf: potentialPath)
        let errors = try Evaluation(of: kept, parallelism: parallelism).errors(
            on: (validation.count > 0 ? validation : training).items.map(\.structure))
        return Summary(
            ending: ending, epochs: trainer.epoch, seconds: seconds(), bestEpoch: best.epoch, errors: errors)
    }

    // MARK: Files

    private var digest: String { data.map { "\($0.sha256):\($0.structures)" }.joined(separator: ",") }

    /// The state of the checkpoint in the output folder.
    private func resume() throws -> TrainerState {
        let checkpoint = try Checkpoint(contentsOf: checkpointPath)
        guard checkpoint.model == model.configuration else {
            throw TrainingError(
                "\(checkpointPath): belongs to another model or other data statistics; train it under another output, or with --overwrite"
            )
        }
        guard checkpoint.state.weights.count == model.parameterCount else {
            throw TrainingError(
                "\(checkpointPath): is damaged: expected \(model.parameterCount) weights, found \(checkpoint.state.weights.count)"
            )
        }
        guard checkpoint.dataDigest == digest else {
            throw TrainingError("\(checkpointPath): belongs to other data files; use another output, or --overwrite")
        }
        return checkpoint.state
    }

    private func makeOutputFolder() throws {
        do {
            try FileManager.default.createDirectory(atPath: settings.output, withIntermediateDirectories: true)
        } catch {
            throw TrainingError(
                "\(settings.output): the output folder cannot be made (\(error.localizedDescription))")
        }
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
