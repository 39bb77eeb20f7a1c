import Atoms
import Compute
import Files
import Foundation
import Interactions
import Layers
import Models
import Neighbors
import Potentials
import TestSupport
import Testing

@testable import DataSets
@testable import Training

/// Committees: members that differ, one evaluation of all, and what it says about their disagreement.
@Suite struct Committees {
    private func committee(
        _ folder: TemporaryFolder, threads: Int = 1, output: String = "run", epochs: Int = 2, more: String = ""
    )
        throws
        -> CommitteeTraining
    {
        let text = """
            data: {train: "\(try folder.write(TrainingRuns.structures))", validation: 3}
            model: {r_max: 3.4, num_layers: 2, l_max: 1, num_features: 4, radial_mlp_width: 8, spline_intervals: 32}
            committee: {members: 3, share: 0.7}
            training: {max_epochs: \(epochs), precision: float64, loss: {stress: 1}\(more.isEmpty ? "" : ", " + more)}
            output: "\(folder.file(output))"
            """
        let parallelism = Parallelism(threads: threads)
        let settings = try TrainingSettings(.init(text: text, named: "train.yaml"))
        return try CommitteeTraining(
            TrainingPreparation(settings, parallelism: parallelism), parallelism: parallelism)
    }

    private func train(_ committee: CommitteeTraining, resuming: Bool = false) throws {
        _ = try committee.run(resuming: resuming, isInterrupted: { false }, report: { _, _ in })
        #expect(try committee.join() != nil)
    }

    /// Mean and deviation by their definitions, from the members one by one.
    @Test func oneEvaluationGivesTheMeanAndTheDeviationOfTheMembers() throws {
        let folder = try TemporaryFolder()
        let trained = try committee(folder)
        try train(trained)
        let potential = try Potential(verifying: trained.potentialPath)
        #expect(potential.members.count == 3)
        let singles = try trained.members.map { try Potential(verifying: $0.potentialPath) }
        #expect(potential.members == singles.map(\.parameters))
        for structure in [Samples.crystal, Samples.molecule] {
            let predictions = try singles.map { try Evaluation(of: $0, parallelism: .serial).predict(structure) }
            let mean = try Evaluation(of: potential, parallelism: .serial).predict(structure)
            let deviation = try #require(mean.deviation)
            let n = Double(predictions.count)
            let energy = predictions.reduce(0) { $0 + $1.energy! } / n
            #expect(abs(mean.energy! - energy) < 1e-10 * (1 + abs(energy)))
            let spread = (predictions.reduce(0) { $0 + pow($1.energy! - energy, 2) } / n).squareRoot()
            #expect(abs(deviation.energy - spread) < 1e-9 * (1 + spread) && spread > 1e-4)
            for atom in 0..<structure.count {
                let force = predictions.reduce(SIMD3<Double>.zero) { $0 + $1.forces![atom] } / n
                let squares = predictions.reduce(0) { sum, member in
                    let difference = member.forces![atom] - force
                    return sum + dot(difference, difference) / n
                }
                #expect(norm(mean.forces![atom] - force) < 1e-10 * (1 + norm(force)))
                #expect(abs(deviation.forces[atom] - squares.squareRoot()) < 1e-9 * (1 + squares.squareRoot()))
            }
            if let stress = mean.stress {
                let expected = predictions.reduce(Matrix3.zero) { $0 + $1.stress! } * (1 / n)
                #expect(zip(stress.elements, expected.elements).allSatisfy { abs($0 - $1) < 1e-12 })
            }
        }
    }

    /// The members see different structures and begin with different weights.
    @Test func membersDifferInSeedAndData() throws {
        let folder = try TemporaryFolder()
        let members = try committee(folder).members
        #expect(members.allSatisfy { $0.training.count == 6 })
        let places = members.map { member in (0..<6).map { member.training.structure($0).positions } }
        #expect(Set(places.map { "\($0)" }).count == 3)
        let validation = members.map { $0.validation.count }
        #expect(validation == [3, 3, 3])
    }

    /// How many members are trained at a time changes nothing, and neither does an interruption.
    @Test func membersDoNotDependOnThreadsOrInterruptions() throws {
        let folder = try TemporaryFolder()
        let one = try committee(folder, output: "one")
        try train(one)
        let two = try committee(folder, threads: 2, output: "two")
        try train(two)
        let parts = try committee(folder, output: "parts", epochs: 1)
        try train(parts)
        let rest = try committee(folder, output: "parts")
        try train(rest, resuming: true)
        let potentials = try [one, two, rest].map { try Potential(verifying: $0.potentialPath) }
        #expect(potentials[0].members == potentials[1].members && potentials[0].members == potentials[2].members)
        // Nothing is left to do, and joining again gives the same.
        let summaries = try rest.run(resuming: true, isInterrupted: { false }, report: { _, _ in })
        #expect(summaries.allSatisfy { $0 == nil })
    }

    @Test func anIncompleteCommitteeIsNotJoined() throws {
        let folder = try TemporaryFolder()
        let trained = try committee(folder)
        _ = try trained.members[1].run(resuming: false, isInterrupted: { false }, report: { _ in })
        #expect(try trained.join() == nil)
        #expect(!FileManager.default.fileExists(atPath: trained.potentialPath))
    }

    /// A potential is there from epoch 0 on; a member counts when its training has ended.
    @Test func aMemberThatHasNotEndedDoesNotCount() throws {
        let folder = try TemporaryFolder()
        let trained = try committee(folder)
        for member in trained.members[..<2] {
            _ = try member.run(resuming: false, isInterrupted: { false }, report: { _ in })
        }
        var asked = 0
        _ = try trained.members[2].run(
            resuming: false,
            isInterrupted: {
                asked += 1
                return asked > 3
            }, report: { _ in })
        #expect(FileManager.default.fileExists(atPath: trained.members[2].potentialPath))
        #expect(try trained.whatIsLeft() == ["member 3 has taken 1 of 2 epochs"])
        #expect(try trained.join() == nil)
        _ = try trained.members[2].run(resuming: true, isInterrupted: { false }, report: { _ in })
        #expect(try trained.join() != nil)
    }

    /// Time that ran out within an epoch is an end too.
    @Test func aMemberWhoseTimeIsOverHasEnded() throws {
        let folder = try TemporaryFolder()
        let trained = try committee(folder, epochs: 100_000, more: "max_time: 100 ms")
        for member in trained.members {
            let summary = try member.run(resuming: false, isInterrupted: { false }, report: { _ in })
            #expect(summary.ending == .maxTime)
        }
        #expect(try trained.whatIsLeft().isEmpty)
    }

    /// What stands in a folder, and what of it a training may take away.
    @Test func aFolderHoldsOnePotentialOrACommittee() throws {
        let temporary = try TemporaryFolder()
        let folder = OutputFolder(temporary.file("run"))
        #expect(folder.content == .nothing)
        try folder.make()
        try Data().write(to: URL(fileURLWithPath: folder.path + "/notes.txt"))
        #expect(folder.content == .nothing)
        for number in [1, 10, 2] {
            try folder.member(number).make()
            try Data().write(to: URL(fileURLWithPath: folder.member(number).checkpoint))
        }
        try Data().write(to: URL(fileURLWithPath: folder.member(10).path + "/mine.txt"))
        #expect(folder.content == .committee([1, 2, 10]))
        #expect(throws: TrainingError.self) { try folder.check(holds: false) }
        try folder.check(holds: true)
        #expect(throws: OutputError.self) { try folder.check(against: [], mayExist: false) }
        try folder.check(against: [], mayExist: true)
        try folder.discard()
        let left = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
        #expect(left == ["member-10", "member-10/mine.txt", "notes.txt"])
        try Data().write(to: URL(fileURLWithPath: folder.checkpoint))
        #expect(folder.content == .single)
        #expect(throws: TrainingError.self) { try folder.check(holds: true) }
        let link = temporary.file("link.xyz")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.predictions)
        #expect(throws: OutputError.self) { try folder.check(against: [link], mayExist: true) }
    }

    @Test func potentialsOfDifferentModelsAreNotJoined() throws {
        let folder = try TemporaryFolder()
        func potential(_ model: String) throws -> Potential {
            let settings = try Samples.settings(
                data: folder.write(TrainingRuns.structures), model: model, training: "max_epochs: 0",
                output: folder.file(UUID().uuidString))
            let run = try TrainingRun(settings, parallelism: .serial)
            _ = try run.run(resuming: false, isInterrupted: { false }, report: { _ in })
            return try Potential(contentsOf: run.potentialPath)
        }
        let error = #expect(throws: PotentialError.self) {
            try Potential(joining: [potential(""), potential("num_bessels: 4")])
        }
        #expect(error?.message.contains("potential 2 has another model") == true)
    }
}
