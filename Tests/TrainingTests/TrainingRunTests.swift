import Atoms
import Compute
import Files
import Foundation
import Layers
import Models
import Potentials
import Settings
import StructureFiles
import TestSupport
import Testing

@testable import DataSets
@testable import Training

/// Trainings from files to files: endings, resuming, and what is left in the output folder.
@Suite struct TrainingRuns {
    /// Carbon and hydrogen with random labels; two compositions, so that shifts are determined.
    static let structures: [Structure] = (0..<12).map { index in
        var noise = Samples.Noise(UInt64(100 + index))
        var structure = index % 3 == 0 ? Samples.crystal : Samples.molecule
        structure.positions = structure.positions.map { $0 + noise.vector(0.08) }
        return Samples.labelled(structure, seed: UInt64(index))
    }

    private func settings(_ folder: TemporaryFolder, _ training: String, output: String = "run") throws
        -> TrainingSettings
    {
        try Samples.settings(
            data: folder.write(Self.structures), training: training, output: folder.file(output))
    }

    private func run(
        _ settings: TrainingSettings, resuming: Bool = false, isInterrupted: () -> Bool = { false },
        report: (TrainingRun.Event) -> Void = { _ in }
    ) throws -> TrainingRun.Summary {
        try TrainingRun(settings, parallelism: .serial).run(
            resuming: resuming, isInterrupted: isInterrupted, report: report)
    }

    /// The lines of metrics.csv without the column of seconds.
    private func metrics(_ output: String) throws -> [[String]] {
        try String(contentsOfFile: output + "/metrics.csv", encoding: .utf8).split(separator: "\n").map { line in
            var fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            fields.remove(at: 1)
            return fields
        }
    }

    private func state(_ output: String) throws -> TrainerState {
        var state = try Checkpoint(contentsOf: output + "/checkpoint.safetensors").state
        state.seconds = 0
        return state
    }

    // MARK: Resuming

    @Test(arguments: [
        "precision: float32, ema_decay: 0.99, optimizer: {name: adam, amsgrad: true, learning_rate: 0.05}",
        "precision: float32, optimizer: {name: schedule_free, learning_rate: 0.02}",
        "precision: float32, optimizer: {name: muon, learning_rate: 0.05, weight_decay: 0.01}",
        "precision: float64, ema_decay: 0, optimizer: {name: adamw, weight_decay: 0.01}, gradient_clip: 0.5",
    ])
    func aResumedTrainingEqualsOneThatNeverStopped(_ training: String) throws {
        let folder = try TemporaryFolder()
        // A plateau on every second epoch, so that the schedule's memory counts.
        let common =
            training + ", batch_size: 2, lr_scheduler: {name: reduce_on_plateau, patience: 0, factor: 0.5},"
            + " early_stopping: {patience: 50, min_delta: 0.01}"
        let whole = try settings(folder, common + ", max_epochs: 6", output: "whole")
        _ = try run(whole)
        let first = try settings(folder, common + ", max_epochs: 3", output: "parts")
        _ = try run(first)
        #expect(try state(first.output).epoch == 3)
        let second = try settings(folder, common + ", max_epochs: 6", output: "parts")
        _ = try run(second, resuming: true)

        let (a, b) = (try state(whole.output), try state(second.output))
        #expect(a.epoch == 6 && a.steps > 0 && a.weights.contains { $0 != 0 })
        #expect(a == b)
        #expect(try metrics(whole.output) == metrics(second.output))
        #expect(try metrics(whole.output).count == 8, "a header, epoch 0 and six more")
        let potentials = try [whole, second].map { try Potential(verifying: $0.output + "/potential.safetensors") }
        #expect(potentials[0].parameters == potentials[1].parameters)
        #expect(potentials[0].provenance.epochs == potentials[1].provenance.epochs)
    }

    /// What an interrupted epoch did is not in the checkpoint, so the epoch is run again, from its beginning.
    @Test(arguments: [1, 5, 8]) func anInterruptedTrainingResumesBitByBit(_ batches: Int) throws {
        let folder = try TemporaryFolder()
        // The rate changes with every step.
        let training = "batch_size: 3, max_epochs: 4, lr_scheduler: {name: cosine, warmup_epochs: 1.5}"
        let whole = try settings(folder, training, output: "whole")
        _ = try run(whole)
        let parts = try settings(folder, training, output: "parts")
        var asked = 0
        let summary = try run(
            parts,
            isInterrupted: {
                asked += 1
                return asked >= batches
            })
        #expect(summary.ending == .interrupted)
        _ = try run(parts, resuming: true)
        #expect(try state(whole.output) == state(parts.output))
        #expect(try metrics(whole.output) == metrics(parts.output))
    }

    @Test func aCheckpointOfAnotherModelOrOtherDataIsRefused() throws {
        let folder = try TemporaryFolder()
        _ = try run(settings(folder, "max_epochs: 1"))
        let other = try Samples.settings(
            data: folder.file("data.xyz"), model: "num_bessels: 3", output: folder.file("run"))
        #expect(throws: TrainingError.self) { try run(other, resuming: true) }
        // The same structures in another file: model and statistics are the same, the data are not.
        let bytes = try String(contentsOfFile: folder.file("data.xyz"), encoding: .utf8)
        try (bytes + "\n").write(toFile: folder.file("data.xyz"), atomically: true, encoding: .utf8)
        let error = #expect(throws: TrainingError.self) {
            try run(Samples.settings(data: folder.file("data.xyz"), output: folder.file("run")), resuming: true)
        }
        #expect(error?.message.contains("other data files") == true)
    }

    @Test func anotherSplitIsRefused() throws {
        let folder = try TemporaryFolder()
        // Given statistics, so that the model does not depend on the split.
        let model = "avg_num_neighbors: 4, per_type_energy_scales: 1, per_type_energy_shifts: 0"
        func settings(_ training: String, validation: String = "0.25") throws -> TrainingSettings {
            try Samples.settings(
                data: folder.write(Self.structures), validation: validation, model: model, training: training,
                output: folder.file("run"))
        }
        _ = try run(settings("max_epochs: 1"))
        for other in [try settings("max_epochs: 2, seed: 2"), try settings("max_epochs: 2", validation: "0.5")] {
            let error = #expect(throws: TrainingError.self) { try run(other, resuming: true) }
            #expect(error?.message.contains("held back for validation (") == true)
        }
        _ = try run(settings("max_epochs: 2"), resuming: true)
    }

    @Test func whatHasChangedIsListedAndAFinishedTrainingSaysWhatToRaise() throws {
        let folder = try TemporaryFolder()
        _ = try run(settings(folder, "max_epochs: 2, batch_size: 2"))
        let more = try settings(folder, "max_epochs: 3, batch_size: 4")
        let changes = try TrainingRun(more, parallelism: .serial).changesSinceCheckpoint()
        #expect(changes.contains("training.batch_size: 2 → 4") && changes.contains("training.max_epochs: 2 → 3"))
        let same = try TrainingRun(settings(folder, "max_epochs: 2, batch_size: 2"), parallelism: .serial)
        let error = #expect(throws: TrainingError.self) { try same.refuseIfEnded() }
        #expect(error?.message.contains("raise training.max_epochs") == true)
        let other = try Samples.settings(
            data: folder.file("data.xyz"), model: "num_bessels: 3", training: "max_epochs: 3",
            output: folder.file("run"))
        let refusal = #expect(throws: TrainingError.self) {
            try TrainingRun(other, parallelism: .serial).changesSinceCheckpoint()
        }
        #expect(refusal?.message.contains("model.num_bessels: 8 → 3") == true)
    }

    /// Losses with other coefficients do not compare: the kept potential is measured again with the new ones.
    @Test func underAnotherLossTheBestIsMeasuredAgain() throws {
        let folder = try TemporaryFolder()
        _ = try run(settings(folder, "max_epochs: 3, precision: float64, loss: {energy: 1, forces: 1e-6}"))
        let before = try state(folder.file("run"))
        let settings = try settings(folder, "max_epochs: 4, precision: float64, loss: {energy: 1e-6, forces: 1}")
        let run = try TrainingRun(settings, parallelism: .serial)
        let trainer = run.trainer(Double.self)
        let state = try run.resume(trainer)
        let kept = try Potential(contentsOf: run.potentialPath)
        #expect(state.keptScore != before.keptScore)
        #expect(try state.keptScore == trainer.validate(kept.parameters.values).loss)
        #expect(trainer.schedule.state.best == .infinity)
        #expect(trainer.schedule.learningRate == before.schedule.learningRate)
    }

    @Test func anotherLearningRateIsTaken() throws {
        let folder = try TemporaryFolder()
        _ = try run(settings(folder, "max_epochs: 1"))
        let settings = try settings(folder, "max_epochs: 2, optimizer: {learning_rate: 0.003}")
        let run = try TrainingRun(settings, parallelism: .serial)
        let trainer = run.trainer(Float.self)
        _ = try run.resume(trainer)
        #expect(trainer.schedule.learningRate == 0.003)
    }

    /// A cosine that is begun anew has the epochs that are left, also after another pause.
    @Test func anotherLearningRateBeginsACosineAnew() throws {
        let folder = try TemporaryFolder()
        func rates(_ training: String, resuming: Bool) throws -> [Int: Double] {
            var rates: [Int: Double] = [:]
            _ = try run(
                settings(folder, "lr_scheduler: {name: cosine, min_lr: 0}, " + training), resuming: resuming,
                report: { if case .epoch(let report) = $0 { rates[report.epoch] = report.learningRate } })
            return rates
        }
        _ = try rates("max_epochs: 4", resuming: false)
        let again = "max_epochs: 8, optimizer: {learning_rate: 0.01}"
        let anew = try rates(again, resuming: true)
        for (epoch, share) in [(5, 0.25), (6, 0.5), (8, 1)] {
            #expect(abs(anew[epoch]! - 0.005 * (1 + cos(.pi * share))) < 1e-15, "epoch \(epoch)")
        }
        // Twice as many epochs from where it began.
        let on = try rates("max_epochs: 12, optimizer: {learning_rate: 0.01}", resuming: true)
        #expect(abs(on[9]! - 0.005 * (1 + cos(.pi * 0.625))) < 1e-15)
        let tooLong = "max_epochs: 14, optimizer: {learning_rate: 0.02}"
        let error = #expect(throws: TrainingError.self) {
            try run(
                settings(folder, tooLong + ", lr_scheduler: {name: cosine, warmup_epochs: 3}"), resuming: true)
        }
        #expect(error?.message.contains("2 epochs that are left") == true)
    }

    /// What Muon has gathered would mean something else to others, and theirs to it.
    @Test(arguments: [
        (OptimizerSettings.Name.muon, OptimizerSettings.Name.scheduleFree), (.scheduleFree, .adam), (.muon, .adam),
    ])
    func anotherOptimizerBeginsAnew(_ before: OptimizerSettings.Name, _ after: OptimizerSettings.Name) throws {
        let folder = try TemporaryFolder()
        let data = try folder.write((0..<8).map { try Samples.diamond(cells: 1, noise: 0.1, seed: UInt64($0)) })
        func settings(_ name: OptimizerSettings.Name, _ epochs: Int) throws -> TrainingSettings {
            try Samples.settings(
                data: data,
                training:
                    "max_epochs: \(epochs), batch_size: 2, optimizer: {name: \(name.rawValue), learning_rate: 0.01}",
                output: folder.file("run"))
        }
        let first = try run(settings(before, 10))
        let second = try TrainingRun(settings(after, 20), parallelism: .serial)
        #expect(try second.changesSinceCheckpoint().contains { $0.hasPrefix("another optimizer") })
        var errors: [Double] = []
        _ = try second.run(resuming: true, isInterrupted: { false }) {
            if case .epoch(let report) = $0 { errors.append(report.errors.all.forcesRMSE!) }
        }
        // It goes on from where it was, and does not jump.
        #expect(errors.allSatisfy { $0 < 2 * first.errors.all.forcesRMSE! }, "\(errors)")
    }

    /// The same content under another name is the same data.
    @Test func renamedDataAreResumed() throws {
        let folder = try TemporaryFolder()
        _ = try run(settings(folder, "max_epochs: 1"))
        try FileManager.default.moveItem(atPath: folder.file("data.xyz"), toPath: folder.file("renamed.xyz"))
        let renamed = try Samples.settings(
            data: folder.file("renamed.xyz"), training: "max_epochs: 2", output: folder.file("run"))
        #expect(try run(renamed, resuming: true).epochs == 2)
    }

    /// Cut at many places, or with a counter or a weight that makes no sense: an error that names the file, no crash.
    @Test func aDamagedCheckpointIsAnError() throws {
        let folder = try TemporaryFolder()
        let settings = try settings(folder, "max_epochs: 1")
        _ = try run(settings)
        let path = settings.output + "/checkpoint.safetensors"
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        func expectRefusal(_ what: String) {
            #expect(throws: (any Error).self, "\(what)") { try run(settings, resuming: true) }
            do { _ = try run(settings, resuming: true) } catch { #expect("\(error)".contains(path), "\(error)") }
        }
        for share in [0, 0.1, 0.5, 0.9, 0.999] {
            try bytes.prefix(Int(Double(bytes.count) * share)).write(to: URL(fileURLWithPath: path))
            expectRefusal("cut at \(share)")
        }
        try bytes.write(to: URL(fileURLWithPath: path))
        // One bit anywhere behind the header's length.
        for place in stride(from: 20, to: bytes.count, by: bytes.count / 40) {
            var changed = bytes
            changed[place] ^= 4
            try changed.write(to: URL(fileURLWithPath: path))
            expectRefusal("byte \(place)")
        }
    }

    /// Version 3, which had a SHA-256 where a CRC-64 is now, goes on; a changed weight in it is found.
    @Test func anEarlierCheckpointGoesOn() throws {
        let folder = try TemporaryFolder()
        let settings = try settings(folder, "max_epochs: 2")
        _ = try run(self.settings(folder, "max_epochs: 1"))
        let path = settings.output + "/checkpoint.safetensors"
        var file = try Safetensors(contentsOf: path)
        file.metadata["crc64"] = nil
        file.metadata["format_version"] = "3"
        var text = Data()
        for (key, value) in file.metadata.sorted(by: { $0.key < $1.key }) {
            text.append(Data("\(key) \(value.utf8.count) \(value)".utf8))
        }
        for (name, tensor) in file.tensors.sorted(by: { $0.key < $1.key }) {
            text.append(Data("\(name) \(tensor.bytes.count) ".utf8) + tensor.bytes)
        }
        file.metadata["sha256"] = SHA256.hexadecimal(of: text)
        var damaged = file
        damaged.tensors["weights"]!.bytes[9] ^= 1
        try damaged.write(to: path)
        let error = #expect(throws: PotentialError.self) { try run(settings, resuming: true) }
        #expect(error?.message.contains("is damaged") == true)
        try file.write(to: path)
        #expect(try run(settings, resuming: true).epochs == 2)
    }

    /// Where a process is killed, the table may be ahead of the checkpoint, and the potential behind it: both are as
    /// if nothing had happened when the training goes on.
    @Test func aKilledTrainingGoesOnFromItsLastCheckpoint() throws {
        let folder = try TemporaryFolder()
        let training = "batch_size: 2, max_epochs: 5, optimizer: {learning_rate: 0.05}"
        let whole = try settings(folder, training, output: "whole")
        _ = try run(whole)
        let killed = try settings(folder, training, output: "killed")
        // What is on disk after the second epoch, and the table after the fourth.
        var files: [String: Data] = [:]
        func keep(_ names: String...) throws {
            for name in names { files[name] = try Data(contentsOf: URL(fileURLWithPath: killed.output + "/" + name)) }
        }
        var failure: (any Error)?
        _ = try run(
            killed,
            report: { event in
                guard case .epoch(let report) = event else { return }
                do {
                    if report.epoch == 2 { try keep("checkpoint.safetensors", "potential.safetensors") }
                    if report.epoch == 4 { try keep("metrics.csv", "metrics_by_group.csv") }
                } catch {
                    failure = error
                }
            })
        #expect(failure == nil && files.count == 4)
        for (name, data) in files { try data.write(to: URL(fileURLWithPath: killed.output + "/" + name)) }
        _ = try run(killed, resuming: true)
        #expect(try state(killed.output) == state(whole.output))
        #expect(try metrics(killed.output) == metrics(whole.output))
        let potentials = try [whole, killed].map { try Potential(verifying: $0.output + "/potential.safetensors") }
        #expect(potentials[0].parameters == potentials[1].parameters)
    }

    /// One of another version names that version.
    @Test func aCheckpointOfAnotherVersionIsRefusedWithTheReason() throws {
        let folder = try TemporaryFolder()
        let settings = try settings(folder, "max_epochs: 1")
        _ = try run(settings)
        let path = settings.output + "/checkpoint.safetensors"
        var file = try Safetensors(contentsOf: path)
        (file.metadata["format_version"], file.metadata["program"]) = ("2", "Apus 0.1.0")
        try file.write(to: path)
        let error = #expect(throws: PotentialError.self) { try run(settings, resuming: true) }
        #expect(error?.message.contains("was written by Apus 0.1.0") == true)
    }

    @Test func aTableThatIsGoneBeginsAnewAndThatIsSaid() throws {
        let folder = try TemporaryFolder()
        _ = try run(settings(folder, "max_epochs: 1"))
        let more = try TrainingRun(settings(folder, "max_epochs: 2"), parallelism: .serial)
        #expect(!(try more.changesSinceCheckpoint().contains { $0.contains("begins anew") }))
        try FileManager.default.removeItem(atPath: folder.file("run/metrics.csv"))
        #expect(
            try more.changesSinceCheckpoint().contains { $0.contains("metrics.csv") && $0.contains("begins anew") })
    }

    @Test func aTableThatCannotBeContinuedIsNotReplaced() throws {
        let folder = try TemporaryFolder()
        _ = try run(settings(folder, "max_epochs: 1"))
        let path = folder.file("run/metrics.csv")
        let table = try Data(contentsOf: URL(fileURLWithPath: path))
        for change in [Data([0xFF]), Data("other,".utf8)] {
            try (change + table).write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: TrainingError.self) {
                try run(settings(folder, "max_epochs: 2"), resuming: true)
            }
            #expect(error?.message.contains("metrics.csv") == true)
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == change + table)
        }
    }

    // MARK: Endings

    @Test func noEpochsWriteTheInitialisedPotential() throws {
        let folder = try TemporaryFolder()
        let settings = try settings(folder, "max_epochs: 0, precision: float64, seed: 9")
        let summary = try run(settings)
        #expect(summary.ending == .maxEpochs && summary.epochs == 0 && summary.keptEpoch == 0)
        let potential = try Potential(verifying: settings.output + "/potential.safetensors")
        let model = try Model(potential.configuration)
        #expect(potential.parameters == ParameterSet(model.parameters, seed: 9))
        #expect(potential.references.count == 2)
        #expect(try metrics(settings.output).count == 2)
        // Resuming it with more epochs is a training like any other.
        let on = try self.settings(folder, "max_epochs: 2, precision: float64, seed: 9")
        #expect(try run(on, resuming: true).epochs == 2)
        #expect(try metrics(settings.output).map { $0[0] } == ["epoch", "0", "1", "2"])
    }

    /// What an epoch that is cut short has learned is in the potential, and only there.
    @Test func anEpochCutShortLeavesItsPotential() throws {
        let folder = try TemporaryFolder()
        let structures = try (0..<16).map { try Samples.diamond(cells: 1, noise: 0.1, seed: UInt64($0)) }
        let settings = try Samples.settings(
            data: folder.write(structures), training: "batch_size: 1, ema_decay: 0", output: folder.file("run"))
        var asked = 0
        let summary = try run(
            settings,
            isInterrupted: {
                asked += 1
                return asked >= 10
            })
        #expect(
            summary.ending == .interrupted && summary.epochs == 0 && summary.steps == 10 && summary.keptIsCutShort)
        let potential = try Potential(verifying: settings.output + "/potential.safetensors")
        #expect(
            potential.parameters.values
                != ParameterSet(try Model(potential.configuration).parameters, seed: 1).values)
        #expect(try state(settings.output).steps == 0)
        #expect(try metrics(settings.output).count == 2)
    }

    /// Two structures with forces, whatever the data: a mirrored or symmetric one alone would hide errors.
    @Test func aSingleStructureGivesTwoReferences() throws {
        let folder = try TemporaryFolder()
        let crystal = try Samples.diamond(cells: 1, noise: 0, seed: 0)
        let settings = try Samples.settings(
            data: folder.write([crystal]), validation: "0", training: "max_epochs: 0", output: folder.file("run"))
        _ = try run(settings)
        let references = try Potential(verifying: settings.output + "/potential.safetensors").references
        #expect(references.count == 2)
        #expect(references[1].structure.forces!.contains { $0.x != 0 })
        #expect(references[0].structure.positions != references[1].structure.positions)
    }

    @Test func timeRunsOut() throws {
        let folder = try TemporaryFolder()
        let settings = try settings(folder, "max_epochs: 100000, max_time: 300 ms")
        let summary = try run(settings)
        #expect(summary.ending == .maxTime && summary.epochs < 100_000)
        // One batch of this size takes milliseconds; reading the kept potential again comes on top.
        #expect(summary.seconds >= 0.3 && summary.seconds < 5)
        _ = try Potential(verifying: settings.output + "/potential.safetensors")
    }

    /// With a learning rate of nearly nothing no epoch improves by 0.5, so patience ends it.
    @Test func trainingStopsWhenTheValidationLossStopsFalling() throws {
        let folder = try TemporaryFolder()
        let common = "optimizer: {learning_rate: 1e-7}, lr_scheduler: none, max_epochs: 40"
        let stopped = try run(settings(folder, common + ", early_stopping: {patience: 3, min_delta: 1e6}"))
        #expect(stopped.ending == .earlyStopping && stopped.epochs == 3)
        let patient = try run(
            settings(folder, "max_epochs: 5, early_stopping: {patience: 5}", output: "patient"))
        #expect(patient.ending == .maxEpochs || patient.epochs >= 5)
    }

    /// A rate that is too high by a few powers of two is found by going back; epochs after that are whole and finite,
    /// and the run is the same when it is resumed.
    @Test func anExplodingTrainingGoesBackAndOnAtHalfTheRate() throws {
        let folder = try TemporaryFolder()
        let common = "batch_size: 100, optimizer: {learning_rate: 1e25}, lr_scheduler: none, max_rollbacks: 200"
        var rates: [Double] = []
        let whole = try settings(folder, common + ", max_epochs: 4", output: "whole")
        let summary = try run(
            whole, report: { if case .rollback(let epoch, let rate) = $0, epoch == 0 { rates.append(rate) } })
        #expect(summary.epochs == 4 && rates.count > 3)
        for (index, rate) in rates.enumerated() { #expect(rate == 1e25 * pow(0.5, Double(index + 1))) }
        let first = try settings(folder, common + ", max_epochs: 2", output: "parts")
        _ = try run(first)
        let second = try settings(folder, common + ", max_epochs: 4", output: "parts")
        _ = try run(second, resuming: true)
        #expect(try state(whole.output) == state(second.output))
        #expect(try metrics(whole.output) == metrics(second.output))
    }

    /// The first message may come from a batch or from the validation, both say what to do.
    @Test(arguments: ["batch_size: 1, max_rollbacks: 0", "batch_size: 100"])
    func anExplodingTrainingSaysSoAndKeepsTheBestPotential(_ batch: String) throws {
        let folder = try TemporaryFolder()
        let settings = try settings(folder, batch + ", max_epochs: 50, optimizer: {learning_rate: 1e25}")
        var best: TrainingRun.EpochReport?
        let error = #expect(throws: TrainingError.self) {
            try run(
                settings, report: { event in if case .epoch(let report) = event, report.isKept { best = report } })
        }
        #expect(error?.message.contains("diverges in epoch") == true)
        #expect(error?.message.contains("learning_rate") == true)
        let potential = try Potential(verifying: settings.output + "/potential.safetensors")
        #expect(potential.provenance.epochs == best?.epoch)
        #expect(potential.parameters.values.allSatisfy { $0.isFinite })
    }

    /// The errors that a report, the potential's provenance and an evaluation give are the same numbers.
    @Test(arguments: [.loss, .last] + Property.ofEnergySurface.map { KeptEpoch.term($0) })
    func theKeptPotentialIsTheOneAskedForWithTheErrorsThatWereReported(_ keep: KeptEpoch) throws {
        let folder = try TemporaryFolder()
        let settings = try settings(
            folder,
            "max_epochs: 8, precision: float64, loss: {stress: 1}, optimizer: {learning_rate: 0.05}, keep: \(keep.rawValue)"
        )
        var reports: [TrainingRun.EpochReport] = []
        let summary = try run(settings, report: { if case .epoch(let report) = $0 { reports.append(report) } })
        func score(_ report: TrainingRun.EpochReport) -> Double {
            switch keep {
            case .loss: report.validationLoss
            case .term(.energy): report.errors.all.energyRMSE!
            case .term(.forces): report.errors.all.forcesRMSE!
            // All crystals have the same volume and number of atoms.
            case .term: report.errors.all.stressRMSE!
            case .last: -Double(report.epoch)
            }
        }
        let best = try #require(reports.min { score($0) < score($1) })
        #expect(summary.keptEpoch == best.epoch)
        #expect(reports.last { $0.isKept }?.epoch == best.epoch)
        let potential = try Potential(verifying: settings.output + "/potential.safetensors")
        for (a, b) in zip(summary.errors.all.named, best.errors.all.named) {
            #expect(a.name == b.name)
            let (found, reported) = (try #require(a.value), try #require(b.value))
            let kept = try #require(potential.provenance.validationErrors[a.name])
            #expect(kept == reported)
            #expect(abs(found - reported) < 1e-9 * (1 + reported))
        }
    }

    /// Clipping scales a gradient to the given norm; one step from zero moments shows it.
    @Test func gradientsAreClippedToTheirNorm() throws {
        let configuration = LossGradient.cases[1].configuration()
        func moments(_ training: String) throws -> [Double] {
            let trainer = try Samples.trainer(
                Double.self, configuration, on: LossGradient.structures,
                training: "optimizer: {name: adam}, " + training)
            _ = trainer.update(try trainer.training.batch())
            return trainer.optimizer.first.map { $0 / 0.1 }
        }
        let free = try moments("seed: 1")
        let norm = free.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let clipped = try moments("gradient_clip: \(norm / 10)")
        for (a, b) in zip(free, clipped) { #expect(abs(a / 10 - b) < 1e-12 * norm) }
        #expect(try moments("gradient_clip: \(norm * 10)") == free)
    }

    // MARK: Unusual data

    /// fcc cells of one atom or diamond cells of two: symmetry makes the gradients of most matrices vanish but for
    /// rounding.
    @Test(arguments: [1e-30, 1e-15, 1e-7]) func perfectCrystalsTrain(_ rounding: Double) throws {
        let folder = try TemporaryFolder()
        let structures = try (0..<12).map { index in
            var noise = Samples.Noise(UInt64(index))
            let a = 5.43 + 0.03 * Double(index - 6)
            let sites = [SIMD3(0, 0, 0), SIMD3(0.25, 0.25, 0.25)].map { $0 * a }
            let half = a / 2
            var structure = try Samples.relabelled(
                sites, Cell(Matrix3(SIMD3(0, half, half), SIMD3(half, 0, half), SIMD3(half, half, 0))))
            structure.forces = sites.map { _ in noise.vector(rounding) }
            return structure
        }
        for name in ["muon", "adam"] {
            let settings = try Samples.settings(
                data: folder.write(structures),
                training: "max_epochs: 30, max_rollbacks: 0, loss: {stress: 1}, optimizer: {name: \(name)}",
                output: folder.file(name))
            let preparation = try TrainingPreparation(settings, parallelism: .serial)
            #expect(preparation.statistics.forcesRMS == 1)
            #expect(preparation.remarks.contains { $0.severity == .warning && $0.text.contains("forces are zero") })
            var errors: [Double] = []
            _ = try run(settings, report: { if case .epoch(let epoch) = $0 { errors.append(epoch.validationLoss) } })
            #expect(errors.count == 31 && errors.last! < 0.5 * errors[0], "\(name): \(errors)")
        }
    }

    /// A start from a potential on what it says itself has no loss, and every step is far above that.
    @Test func aTrainingThatBeginsWithoutErrorsDoesNotDiverge() throws {
        let folder = try TemporaryFolder()
        let first = try Samples.settings(
            data: folder.write(Self.structures), training: "max_epochs: 0", output: folder.file("first"))
        _ = try run(first)
        let potential = try Potential(contentsOf: folder.file("first/potential.safetensors"))
        let evaluation = try Evaluation(of: potential, parallelism: .serial)
        let own = try Self.structures.map { structure in
            var own = structure
            let found = try evaluation.predict(structure)
            (own.energy, own.forces, own.stress) = (found.energy, found.forces, found.stress)
            return own
        }
        let text = """
            data: {train: "\(try folder.write(own, to: "own.xyz"))", validation: 3}
            fine_tuning: {potential: "\(folder.file("first/potential.safetensors"))", shifts: keep}
            training: {max_epochs: 5, max_rollbacks: 0}
            output: "\(folder.file("second"))"
            """
        let summary = try run(TrainingSettings(.init(text: text, named: "train.yaml")))
        #expect(summary.epochs == 5 && summary.keptEpoch == 0)
        #expect(try Potential(contentsOf: folder.file("second/potential.safetensors")).precision == .float32)
    }

    /// Fine-tuning keeps the precision of what it starts from unless another is asked for.
    @Test func thePrecisionOfThePotentialToStartFromStays() throws {
        let folder = try TemporaryFolder()
        let first = try Samples.settings(
            data: folder.write(Self.structures), training: "max_epochs: 0, precision: float64",
            output: folder.file("first"))
        _ = try run(first)
        for (training, expected) in [
            ("max_epochs: 0", Potential.Precision.float64), ("max_epochs: 0, precision: float32", .float32),
        ] {
            let text = """
                data: {train: "\(folder.file("data.xyz"))", validation: 3, keys: {energy: E}}
                fine_tuning: {potential: "\(folder.file("first/potential.safetensors"))", replay: {train: "\(folder.file("data.xyz"))", keys: {forces: F}}}
                training: {\(training)}
                output: "\(folder.file("second"))"
                """
            let settings = try TrainingSettings(.init(text: text, named: "train.yaml"))
            #expect(settings.precision == (expected == .float64 ? nil : .float32))
            #expect(
                settings.fineTuning?.replay?.labels
                    == LabelKeys(energy: "E", forces: "F", stress: "stress", virial: "virial"))
            let plain = try TrainingSettings(
                .init(
                    text: text.replacingOccurrences(of: ", keys: {energy: E}", with: "")
                        .replacingOccurrences(of: ", keys: {forces: F}", with: ""), named: "train.yaml"))
            #expect(try TrainingPreparation(plain, parallelism: .serial).precision == expected)
        }
    }

    @Test func lossesThatCountNothingAreRefusedOrNamed() throws {
        let folder = try TemporaryFolder()
        func prepare(_ loss: String) throws -> [Remark] {
            try TrainingPreparation(settings(folder, "loss: {\(loss)}"), parallelism: .serial).remarks
        }
        let error = #expect(throws: TrainingError.self) { try prepare("config_type_weights: {default: 0}") }
        #expect(error?.message.contains("nothing to train") == true)
        #expect(
            try prepare("energy: 1, forces: {per_type: {C: 0, H: 0}}").contains {
                $0.severity == .warning && $0.text.contains("all forces of the training structures have the weight 0")
            })
        #expect(
            try prepare("forces: {per_type: {Si: 0.5}}").contains {
                $0.severity == .warning && $0.text.contains("no training structure holds Si; there are H, C")
            })
        #expect(!(try prepare("forces: {per_type: {C: 0.5}}").contains { $0.text.contains("weight") }))
    }

    /// Forces of zero on some atoms are what a constraint leaves; `train` says so, once.
    @Test func forcesThatAConstraintHasTakenAreNamed() throws {
        let folder = try TemporaryFolder()
        let whole = try (0..<8).map { try Samples.diamond(cells: 1, noise: 0.1, seed: UInt64($0)) }
        func warnings(_ structures: [Structure]) throws -> [String] {
            let settings = try Samples.settings(data: folder.write(structures), output: folder.file("run"))
            return try TrainingPreparation(settings, parallelism: .serial).remarks
                .filter { $0.severity == .warning && $0.text.contains("forces of exactly zero") }.map(\.text)
        }
        #expect(try warnings(whole) == [])
        let fixed = whole.map { structure in
            var structure = structure
            for atom in 0..<3 { structure.forces![atom] = .zero }
            return structure
        }
        let found = try warnings(fixed)
        #expect(found.count == 1 && found[0].contains("24 atoms in 8 structures"), "\(found)")
        // By symmetry: one atom in the middle of two others.
        let linear = (0..<8).map { number in
            let (distance, force) = (1 + 0.01 * Double(number), 0.5 - 0.1 * Double(number))
            var structure = Structure(
                elements: [Samples.carbon, Samples.hydrogen, Samples.hydrogen],
                positions: [.zero, SIMD3(distance, 0, 0), SIMD3(-distance, 0, 0)])
            structure.energy = -Double(number)
            structure.forces = [.zero, SIMD3(force, 0, 0), SIMD3(-force, 0, 0)]
            return structure
        }
        #expect(try warnings(linear) == [])
    }

    /// What would be zero or infinite in single precision, or overflow when it is multiplied.
    @Test func numbersOutOfRangeAreRefused() throws {
        #expect(throws: SettingsError.self) { try Samples.settings(training: "gradient_clip: 1e-300") }
        #expect(throws: SettingsError.self) { try Samples.settings(training: "optimizer: {eps: 1e-50}") }
        #expect(throws: SettingsError.self) { try Samples.settings(training: "optimizer: {learning_rate: 1e-300}") }
        #expect(throws: SettingsError.self) { try Samples.settings(training: "max_epochs: 9223372036854775807") }
        #expect(throws: SettingsError.self) { try Samples.settings(model: "per_type_energy_scales: 1e300") }
    }

    /// Springs along bonds are learned: what all of the above is for.
    @Test func errorsFall() throws {
        let folder = try TemporaryFolder()
        let structures = try (0..<16).map { try Samples.diamond(cells: 1, noise: 0.1, seed: UInt64($0)) }
        let settings = try Samples.settings(
            data: folder.write(structures), training: "max_epochs: 30, batch_size: 2", output: folder.file("run"))
        var reports: [TrainingRun.EpochReport] = []
        let summary = try run(settings, report: { if case .epoch(let report) = $0 { reports.append(report) } })
        #expect(try #require(summary.errors.all.forcesRMSE) < 0.5 * reports[0].errors.all.forcesRMSE!)
    }
}
