import Atoms
import Foundation
import Models
import Potentials
import Programs
import Settings

/// The output folder, and going on from what is in it.
extension TrainingRun {
    public var potentialPath: String { output + "/potential.safetensors" }
    public var checkpointPath: String { output + "/checkpoint.safetensors" }
    public var metricsPath: String { output + "/metrics.csv" }

    /// Makes the output folder. Throws a `TrainingError` that says why it cannot.
    public func makeOutputFolder() throws {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: output, isDirectory: &isFolder), !isFolder.boolValue {
            throw TrainingError("output: \(output) is a file, expected a folder or a new name")
        }
        do {
            try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
        } catch {
            let reason = (error as NSError).userInfo[NSUnderlyingErrorKey].map {
                "\(($0 as? NSError)?.localizedDescription ?? "")"
            }
            throw TrainingError(
                "output: the folder \(output) cannot be made: \(reason ?? error.localizedDescription)")
        }
        guard FileManager.default.isWritableFile(atPath: output) else {
            throw TrainingError("output: the folder \(output) may not be written to")
        }
    }

    /// Removes what an earlier training would be continued from.
    public func discardEarlierTraining() throws {
        let events = ((try? FileManager.default.contentsOfDirectory(atPath: output)) ?? [])
            .filter { $0.hasPrefix(EventFile.namePrefix) }.map { "\(output)/\($0)" }
        for path in [checkpointPath, potentialPath] + events where FileManager.default.fileExists(atPath: path) {
            do {
                try FileManager.default.removeItem(atPath: path)
            } catch {
                throw TrainingError("\(path): cannot be replaced: \(error.localizedDescription)")
            }
        }
    }

    /// What has changed since the checkpoint in the output folder, for people. Throws where it cannot be continued.
    public func changesSinceCheckpoint() throws -> [String] {
        let checkpoint = try readCheckpoint()
        guard checkpoint.state.epoch < settings.maxEpochs else {
            throw TrainingError(
                "\(checkpointPath): has finished \(checkpoint.state.epoch) epochs; to go on, raise training.max_epochs above that"
            )
        }
        if let maxTime = settings.maxTime, checkpoint.state.seconds >= maxTime {
            throw TrainingError(
                "\(checkpointPath): has trained for \(Int(checkpoint.state.seconds)) s; to go on, raise training.max_time above that"
            )
        }
        return try changes(since: checkpoint)
    }

    /// What a training that has ended came to, from its files.
    public func summaryOfEndedRun() throws -> Summary {
        let state = try readCheckpoint().state
        let kept = try Potential(contentsOf: potentialPath)
        let set = judging
        let errors = try Evaluation(of: kept, parallelism: parallelism).errors(
            on: (0..<set.count).lazy.map(set.structure))
        return Summary(
            ending: .maxEpochs, epochs: state.epoch, steps: 0, seconds: state.seconds,
            structuresPerSecond: Double(training.count * state.epoch) / max(state.seconds, 1e-9),
            keptEpoch: state.keptEpoch, keptIsCutShort: false, errors: errors)
    }

    /// Whether the training in the output folder has reached an end that the settings name.
    public func hasEnded() throws -> Bool {
        let state = try readCheckpoint().state
        return state.epoch >= settings.maxEpochs || settings.maxTime.map { state.seconds >= $0 } ?? false
            || settings.earlyStopping.map { state.epoch - state.progressEpoch >= $0.patience } ?? false
    }

    private func changes(since checkpoint: Checkpoint) throws -> [String] {
        let now = try Settings(text: settings.text, named: "settings")
        let before = try Settings(text: checkpoint.configuration, named: checkpointPath)
        return now.changes(since: before).map(\.description)
    }

    func checkpoint(_ state: TrainerState) -> Checkpoint {
        Checkpoint(
            state: state, model: model.configuration, dataDigest: dataDigest, splitDigest: preparation.splitDigest,
            configuration: settings.text)
    }

    private var dataDigest: String { preparation.data.map { "\($0.sha256):\($0.structures)" }.joined(separator: ",") }

    private func readCheckpoint() throws -> Checkpoint {
        let checkpoint = try Checkpoint(contentsOf: checkpointPath)
        func refuse(_ what: String) -> TrainingError {
            TrainingError("\(checkpointPath): \(what); use another output, or begin anew with --overwrite")
        }
        guard checkpoint.dataDigest == dataDigest else { throw refuse("belongs to other data files") }
        guard checkpoint.splitDigest == preparation.splitDigest else {
            throw refuse(
                "other structures were held back for validation (data.validation or training.seed has changed)")
        }
        guard checkpoint.model == model.configuration else {
            let list = try changes(since: checkpoint).filter { $0.hasPrefix("model.") }
            throw refuse(
                "belongs to another model"
                    + (list.isEmpty ? " or to other statistics of the data" : " (\(list.joined(separator: "; ")))"))
        }
        guard checkpoint.state.weights.count == model.parameterCount else {
            throw TrainingError(
                "\(checkpointPath): is damaged: expected \(model.parameterCount) weights, found \(checkpoint.state.weights.count)"
            )
        }
        return checkpoint
    }

    /// Sets a trainer to the state of the checkpoint. Another learning rate than before starts the schedule from there;
    /// under another loss, or another choice of what is kept, the kept potential is measured again.
    func resume<T>(_ trainer: Trainer<T>) throws -> TrainerState {
        let checkpoint = try readCheckpoint()
        var state = checkpoint.state
        trainer.state = state
        let before = try TrainingSettings(Settings(text: checkpoint.configuration, named: checkpointPath))
        if before.optimizer.learningRate != settings.optimizer.learningRate {
            trainer.restartSchedule(at: settings.optimizer.learningRate)
        }
        guard before.loss != settings.loss || before.keep != settings.keep else { return state }
        let kept = try Potential(contentsOf: potentialPath)
        let validation = try trainer.validate(kept.parameters.values.map { T($0) })
        state.keptScore = settings.keep.score(validation)
        if before.loss != settings.loss {
            (state.progressLoss, state.progressEpoch) = (validation.loss, state.epoch)
            trainer.restartSchedule(at: trainer.schedule.learningRate)
        }
        return state
    }
}
