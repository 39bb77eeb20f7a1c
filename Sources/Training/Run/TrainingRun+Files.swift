import Atoms
import Foundation
import Models
import Potentials
import Programs
import Settings

/// The output folder, and going on from what is in it.
extension TrainingRun {
    public var folder: OutputFolder { OutputFolder(output) }
    public var potentialPath: String { folder.potential }
    public var checkpointPath: String { folder.checkpoint }
    public var metricsPath: String { folder.metrics }

    /// What has changed since the checkpoint in the output folder, for people. Throws where it cannot be continued.
    public func changesSinceCheckpoint() throws -> [String] {
        let changes = try readCheckpoint().changes
        var lines = try changes.lines()
        if changes.earlier.optimizer.name != settings.optimizer.name {
            lines.append("another optimizer: what the one before has gathered is forgotten")
        }
        if startsScheduleAnew(after: changes.earlier) {
            lines.append("the schedule of the learning rate begins anew")
        }
        for path in [folder.metrics, folder.groupMetrics] where !FileManager.default.fileExists(atPath: path) {
            lines.append("\(path) is not there any more: it begins anew, without the epochs before")
        }
        return lines
    }

    /// Throws where the settings leave nothing to go on with; says what to raise.
    public func refuseIfEnded() throws {
        let state = try readCheckpoint().checkpoint.state
        guard state.epoch < settings.maxEpochs else {
            throw TrainingError(
                "\(checkpointPath): has finished \(state.epoch) epochs; to go on, raise training.max_epochs above that"
            )
        }
        if let maxTime = settings.maxTime, state.seconds >= maxTime {
            throw TrainingError(
                "\(checkpointPath): has trained for \(String(format: "%.0f", state.seconds)) s; to go on, raise training.max_time above that"
            )
        }
    }

    /// Compares with the other processes what all must have in common. Throws on all of them where something differs.
    public func agree(resuming: Bool) throws {
        guard let communicator else { return }
        try RanksAgreement(self, resumed: resuming ? readCheckpoint().checkpoint.state : nil).check(
            over: communicator)
    }

    /// What a training that has ended came to, from its files.
    public func summaryOfEndedRun() throws -> Summary {
        let state = try readCheckpoint().checkpoint.state
        let kept = try Potential(contentsOf: potentialPath)
        let set = judging
        let errors = try Evaluation(of: kept, parallelism: parallelism).errors(
            on: (0..<set.count).lazy.map(set.structure))
        return Summary(
            ending: .maxEpochs, epochs: state.epoch, steps: 0, seconds: state.seconds,
            structuresPerSecond: Double(training.count * state.epoch) / max(state.seconds, 1e-9),
            keptEpoch: state.keptEpoch, keptIsCutShort: false, errors: errors)
    }

    /// Whether the training in the output folder has reached an end that the settings name, and one that those name
    /// that it was last trained with: a member of a committee may have settings of its own.
    public func hasEnded() throws -> Bool { try stand().hasEnded }

    private func stand() throws -> (epoch: Int, hasEnded: Bool) {
        let (checkpoint, changes) = try readCheckpoint()
        let state = checkpoint.state
        return (state.epoch, hasEnded(state, by: settings) && hasEnded(state, by: changes.earlier))
    }

    private func hasEnded(_ state: TrainerState, by settings: TrainingSettings) -> Bool {
        state.epoch >= settings.maxEpochs || settings.maxTime.map { state.seconds >= $0 } ?? false
            || settings.earlyStopping.map { state.epoch - state.progressEpoch >= $0.patience } ?? false
    }

    /// Epochs taken of those asked for, where it has not ended: `has taken 31 of 300 epochs`; `nil` where it has.
    func whatIsLeft() throws -> String? {
        guard FileManager.default.fileExists(atPath: checkpointPath) else { return "has not been begun" }
        let (epoch, hasEnded) = try stand()
        return hasEnded ? nil : "has taken \(epoch) of \(settings.maxEpochs) epochs"
    }

    func checkpoint(_ state: TrainerState) -> Checkpoint {
        Checkpoint(
            state: state, model: model.configuration, dataDigest: dataDigest, splitDigest: splitDigest,
            configuration: settings.text)
    }

    var dataDigest: String { preparation.data.map { "\($0.sha256):\($0.structures)" }.joined(separator: ",") }

    /// The checkpoint, and what has changed in the settings since. Throws an error that names the file where it is
    /// unreadable, or belongs to something else.
    private func readCheckpoint() throws -> (checkpoint: Checkpoint, changes: ResumedSettings) {
        let checkpoint = try Checkpoint(contentsOf: checkpointPath)
        func refuse(_ what: String) -> TrainingError {
            TrainingError("\(checkpointPath): \(what); use another output, or begin anew with --overwrite")
        }
        let changes = try ResumedSettings(checkpoint.configuration, named: checkpointPath, settings)
        guard checkpoint.dataDigest == dataDigest else {
            throw refuse("belongs to other data files" + changes.list(of: "data.", "fine_tuning.replay."))
        }
        guard checkpoint.splitDigest == splitDigest else {
            throw refuse(
                "other structures were trained on or held back for validation"
                    + changes.list(of: "data.", "model.r_max", "training.seed", "committee.", "fine_tuning.potential")
            )
        }
        guard checkpoint.model.agrees(with: model.configuration) else {
            let list = changes.list(of: "model.", "fine_tuning.")
            throw refuse("belongs to another model" + (list.isEmpty ? " or to other statistics of the data" : list))
        }
        guard checkpoint.state.weights.count == model.parameterCount else {
            throw TrainingError(
                "\(checkpointPath): is damaged: expected \(model.parameterCount) weights, found \(checkpoint.state.weights.count)"
            )
        }
        return (checkpoint, changes)
    }

    /// Whether rates are others than those that the schedule has come to.
    private func startsScheduleAnew(after before: TrainingSettings) -> Bool {
        before.optimizer.name != settings.optimizer.name
            || before.optimizer.learningRate != settings.optimizer.learningRate
            || before.scheduler.name != settings.scheduler.name
    }

    /// Sets a trainer to the state of the checkpoint. Another learning rate or kind of schedule than before starts the
    /// schedule from there, another optimizer starts anew; under another loss, or another choice of what is kept, the
    /// kept potential is measured again.
    func resume<T>(_ trainer: Trainer<T>) throws -> TrainerState {
        let (checkpoint, changes) = try readCheckpoint()
        var state = checkpoint.state
        let before = changes.earlier
        if before.optimizer.name != settings.optimizer.name {
            state.beginOptimizer(settings.optimizer.name, after: before.optimizer.name)
        }
        trainer.state = state
        if startsScheduleAnew(after: before) {
            trainer.restartSchedule()
            if case .cosine(let cosine) = settings.scheduler,
                cosine.warmupEpochs >= Double(settings.maxEpochs - state.epoch)
            {
                throw TrainingError(
                    "training.lr_scheduler: expected fewer warmup_epochs than the \(settings.maxEpochs - state.epoch) epochs that are left, found \(cosine.warmupEpochs)"
                )
            }
        }
        // Weights, masks and offsets of labels are among the settings of the data.
        let isJudgedOtherwise = before.loss != settings.loss || before.data != settings.data
        guard isJudgedOtherwise || before.keep != settings.keep else { return state }
        let kept = try Potential(contentsOf: potentialPath)
        let validation = try trainer.validate(kept.parameters.values.map { T($0) })
        state.keptScore = settings.keep.score(validation)
        if isJudgedOtherwise {
            (state.progressLoss, state.progressEpoch) = (validation.loss, state.epoch)
            trainer.forgetLosses()
        }
        return state
    }
}

extension TrainerState {
    /// Forgets what an optimizer has gathered: to another one it would mean something else.
    mutating func beginOptimizer(_ name: OptimizerSettings.Name, after earlier: OptimizerSettings.Name) {
        // `schedule_free` takes its gradients elsewhere than where its weights are.
        if earlier == .scheduleFree, !average.isEmpty { weights = average }
        let zeros = [Double](repeating: 0, count: weights.count)
        (first, second, largest) = (name == .scheduleFree ? weights : zeros, zeros, [])
        (steps, rateSquares) = (0, 0)
        if name == .scheduleFree { (average, averageUpdates) = (weights, 0) }
    }
}

extension ModelConfiguration {
    /// Whether it is the same model, statistics of the data to one part in 10⁹: another processor may sum otherwise.
    fileprivate func agrees(with other: ModelConfiguration) -> Bool {
        func isClose(_ a: [Double], _ b: [Double]) -> Bool {
            a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-9 * max(abs($0), abs($1)) }
        }
        var same = self
        (same.avgNumNeighbors, same.perTypeEnergyScales, same.perTypeEnergyShifts) = (
            other.avgNumNeighbors, other.perTypeEnergyScales, other.perTypeEnergyShifts
        )
        same.outputs = other.outputs
        let hasSameOutputs =
            outputs.map(\.property) == other.outputs.map(\.property)
            && zip(outputs, other.outputs).allSatisfy {
                isClose([$0.scale], [$1.scale]) && isClose($0.perTypeShifts, $1.perTypeShifts)
            }
        return same == other && hasSameOutputs && isClose(avgNumNeighbors, other.avgNumNeighbors)
            && isClose(perTypeEnergyScales, other.perTypeEnergyScales)
            && isClose(perTypeEnergyShifts, other.perTypeEnergyShifts)
    }
}
