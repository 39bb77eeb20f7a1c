import Atoms
import Compute
import Files
import Foundation
import Layers
import Models
import Potentials
import TestSupport
import Testing

@testable import DataSets
@testable import Training

/// Trainings that start from a potential: its weights, frozen parts, added elements, shifts and old data.
@Suite struct FineTuning {
    /// Carbon and hydrogen, first at one level of theory.
    private static let old = TrainingRuns.structures

    /// The same at another level: every carbon is 2 eV lower, every hydrogen 0.5 eV higher.
    private static let new: [Structure] = old.map { structure in
        var structure = structure
        let carbon = Double(structure.elements.count { $0 == Samples.carbon })
        structure.energy! += -2 * carbon + 0.5 * (Double(structure.count) - carbon)
        return structure
    }

    private func start(_ folder: TemporaryFolder) throws -> String {
        let settings = try Samples.settings(
            data: folder.write(Self.old, to: "old.xyz"), training: "max_epochs: 3, precision: float64",
            output: folder.file("old"))
        _ = try TrainingRun(settings, parallelism: .serial).run(
            resuming: false, isInterrupted: { false }, report: { _ in })
        return settings.output + "/potential.safetensors"
    }

    private func settings(
        _ folder: TemporaryFolder, _ structures: [Structure], _ tuning: String = "",
        training: String = "max_epochs: 2"
    ) throws -> TrainingSettings {
        let data = try folder.write(structures, to: "new.xyz")
        return try TrainingSettings(
            .init(
                text: """
                    data: {train: "\(data)", validation: 0.25}
                    fine_tuning: {potential: "\(folder.file("old"))/potential.safetensors"\(tuning.isEmpty ? "" : ", " + tuning)}
                    training: {precision: float64, \(training)}
                    output: "\(folder.file("new"))"
                    """, named: "tune.yaml"))
    }

    private func run(_ settings: TrainingSettings) throws -> Potential {
        let run = try TrainingRun(settings, parallelism: .serial)
        _ = try run.run(resuming: false, isInterrupted: { false }, report: { _ in })
        return try Potential(verifying: run.potentialPath)
    }

    @Test func theFirstWeightsAreThePotentials() throws {
        let folder = try TemporaryFolder()
        let before = try Potential(contentsOf: start(folder))
        let tuned = try run(settings(folder, Self.old, "shifts: keep", training: "max_epochs: 0"))
        #expect(tuned.parameters == before.parameters)
        #expect(tuned.configuration == before.configuration)
    }

    /// Refitted shifts take up what differs by element, so the potential starts with the errors it had.
    @Test func shiftsAreRefittedToTheNewLevel() throws {
        let folder = try TemporaryFolder()
        let before = try Potential(contentsOf: start(folder))
        let tuned = try run(settings(folder, Self.new, training: "max_epochs: 0"))
        let evaluation = try Evaluation(of: before, parallelism: .serial)
        // What a refit on the old labels would give, from where the new level is 0.5 and −2 eV away.
        let same = try run(settings(folder, Self.old, training: "max_epochs: 0"))
        let difference = zip(tuned.configuration.perTypeEnergyShifts, same.configuration.perTypeEnergyShifts)
            .map { $0 - $1 }
        #expect(abs(difference[0] - 0.5) < 1e-4 && abs(difference[1] + 2) < 1e-4)
        let kept = try run(settings(folder, Self.new, "shifts: keep", training: "max_epochs: 0"))
        #expect(kept.configuration.perTypeEnergyShifts == before.configuration.perTypeEnergyShifts)
        let errors = try Evaluation(of: tuned, parallelism: .serial).errors(on: Self.new).all
        let old = try evaluation.errors(on: Self.new).all
        #expect(errors.energyRMSE! < 0.5 * old.energyRMSE!)
    }

    @Test func frozenPartsStayAndTheOthersMove() throws {
        let folder = try TemporaryFolder()
        let before = try Potential(contentsOf: start(folder))
        // Weight decay would shrink whatever it can reach.
        let tuned = try run(
            settings(
                folder, Self.new, "freeze: [type_embed, \"layer0*edge_mlp\"]",
                training: "max_epochs: 2, optimizer: {name: adamw, weight_decay: 0.1}"))
        var (frozen, moved) = (0, 0)
        for parameter in tuned.parameters.parameters {
            let isSame = tuned.parameters[parameter.name]! == before.parameters[parameter.name]!
            let isFrozen =
                parameter.name.hasPrefix("type_embed")
                || parameter.name.contains("layer0") && parameter.name.contains("edge_mlp")
            if isFrozen { frozen += 1 } else if parameter.isTrainable { moved += 1 }
            #expect(isSame == (isFrozen || !parameter.isTrainable), "\(parameter.name)")
        }
        #expect(frozen == 3 && moved > 5)
        #expect(throws: TrainingError.self) { try run(settings(folder, Self.new, "freeze: layer9")) }
    }

    /// The stronger the pull, the nearer the weights stay. The new forces are other ones, so that weights have to move.
    @Test func thePullHoldsWeightsBack() throws {
        let folder = try TemporaryFolder()
        let before = try Potential(contentsOf: start(folder))
        let stiffer = Self.old.map { structure in
            var structure = structure
            structure.forces = structure.forces?.map { $0 * 2 }
            return structure
        }
        func distance(_ pull: String) throws -> Double {
            let tuned = try run(
                settings(
                    folder, stiffer, pull,
                    training: "max_epochs: 8, ema_decay: none, loss: {energy: 0, forces: 1}"))
            // Of what is trained: shifts, which are fitted, lie eV away.
            return tuned.parameters.parameters.filter(\.isTrainable).reduce(0) { sum, parameter in
                zip(tuned.parameters[parameter.name]!, before.parameters[parameter.name]!)
                    .reduce(sum) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            }.squareRoot()
        }
        let (free, weak, strong) = (try distance("pull: 0"), try distance("pull: 10"), try distance("pull: 100"))
        #expect(0 < strong && strong < 0.8 * weak && weak < 0.95 * free, "\(free), \(weak), \(strong)")
    }

    /// New elements get weights of their own, and nothing changes for structures without them.
    @Test func elementsAreAdded() throws {
        let folder = try TemporaryFolder()
        let before = try Potential(contentsOf: start(folder))
        let silicon: [Structure] = Self.new.enumerated().map { index, structure in
            var structure = structure
            structure.elements[0] = Samples.silicon
            structure.energy! -= 3 + Double(index) * 1e-3
            return structure
        }
        let tuned = try run(settings(folder, Self.new + silicon, "shifts: keep", training: "max_epochs: 0"))
        #expect(tuned.configuration.typeNames == before.configuration.typeNames + ["Si"])
        let (a, b) = (
            try Evaluation(of: before, parallelism: .serial), try Evaluation(of: tuned, parallelism: .serial)
        )
        for structure in Self.old.prefix(4) {
            let (p, q) = (try a.predict(structure), try b.predict(structure))
            #expect(abs(p.energy! - q.energy!) < 1e-9)
        }
        let trained = try run(settings(folder, Self.new + silicon))
        let errors = try Evaluation(of: trained, parallelism: .serial).errors(on: silicon)
        #expect(errors.all.energyRMSE!.isFinite)
    }

    /// Every epoch has the new structures and a share of old ones, others in each.
    @Test func aShareOfOldDataIsReplayed() throws {
        let folder = try TemporaryFolder()
        _ = try start(folder)
        let replay = "replay: {train: \"\(folder.file("old.xyz"))\", share: 0.25}"
        let settings = try settings(folder, Self.new, replay, training: "max_epochs: 2, batch_size: 1")
        let run = try TrainingRun(settings, parallelism: .serial)
        let trainer = run.trainer(Double.self)
        #expect(run.training.count == 9 && trainer.structuresPerEpoch == 12 && trainer.stepsPerEpoch == 12)
        // Targets of old labels are relative to the old shifts, those of new labels to the new ones.
        let old = try #require(run.preparation.replay)
        let configuration = try Potential(contentsOf: folder.file("old") + "/potential.safetensors").configuration
        let item = try old.items([0], .serial)[0]
        let shift = item.species.reduce(0) { $0 + configuration.perTypeEnergyShifts[Int($1)] }
        #expect(abs(item.energy! - (Self.old[0].energy! - shift)) < 1e-10)
        let summary = try run.run(resuming: false, isInterrupted: { false }, report: { _ in })
        #expect(summary.epochs == 2)
    }

    @Test func aModelBesideAPotentialIsRefused() throws {
        let error = #expect(throws: (any Error).self) {
            try TrainingSettings(
                .init(
                    text: "data: {train: a.xyz}\nfine_tuning: {potential: p}\nmodel: {r_max: 5}\noutput: run",
                    named: "tune.yaml"))
        }
        #expect("\(error!)".contains("tune.yaml:3: model: belongs to p under fine_tuning"))
    }
}
