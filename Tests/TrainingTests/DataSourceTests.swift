import Atoms
import Compute
import Files
import Foundation
import Layers
import Models
import Potentials
import StructureFiles
import TestSupport
import Testing

@testable import DataSets
@testable import Training

/// Where structures come from and how they are grouped: caches, sets that are too large for their edges, several
/// validation sets, parts of the training set.
@Suite struct DataSources {
    private func settings(_ folder: TemporaryFolder, data: String, training: String = "max_epochs: 2", output: String)
        throws -> TrainingSettings
    {
        try TrainingSettings(
            .init(
                text: """
                    data: {\(data)}
                    model: {r_max: 3.4, num_layers: 2, l_max: 1, num_features: 4, radial_mlp_width: 8, spline_intervals: 32}
                    training: {\(training)}
                    output: "\(folder.file(output))"
                    """, named: "train.yaml"))
    }

    private static let structures: [Structure] = TrainingRuns.structures.enumerated().map { index, structure in
        var structure = structure
        structure.information["config_type"] = index.isMultiple(of: 2) ? "even" : "odd, of \"it\""
        if index == 4 { structure.velocities = structure.positions.map { $0 * 0.01 } }
        if index == 5 { structure.energy = nil }
        return structure
    }

    @Test func aCacheGivesBackWhatWasRead() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(Self.structures)
        let read = try ExtendedXYZReader.readAll(path: path)
        for pass in 0..<2 {
            let cache = try StructureCache(
                of: path, sha256: "0123456789abcdef", labels: LabelKeys(), in: folder.file("cache"))
            #expect(cache.count == read.count)
            for (index, structure) in read.enumerated() { #expect(cache[index] == structure, "pass \(pass)") }
            #expect(cache.census.count(of: .energy) == read.count - 1)
            // The second pass reads the cache alone.
            if pass == 0 { try FileManager.default.removeItem(atPath: path) }
        }
    }

    /// A cache that is cut off, of another file or for other labels is not taken.
    @Test func aCacheOfSomethingElseIsMadeAnew() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(Self.structures)
        func open(_ labels: LabelKeys = LabelKeys()) throws -> StructureCache {
            try StructureCache(of: path, sha256: "0123456789abcdef", labels: labels, in: folder.file("cache"))
        }
        let cache = try open().path
        let bytes = try Data(contentsOf: URL(fileURLWithPath: cache))
        for count in [0, 20, 39, bytes.count / 2, bytes.count - 1] {
            try bytes.prefix(count).write(to: URL(fileURLWithPath: cache))
            #expect(try open().count == Self.structures.count)
            #expect(try Data(contentsOf: URL(fileURLWithPath: cache)) == bytes)
        }
        let without = try open(LabelKeys(energy: nil))
        #expect(without[0].energy == nil && without.census.count(of: .energy) == 0)
    }

    /// From a cache, and with edges found anew for every batch, the training is the same bit by bit.
    @Test func trainingsFromACacheAndWithoutStoredEdgesAreTheSame() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(Self.structures)
        func weights(_ data: String, _ output: String) throws -> ParameterSet {
            let settings = try settings(folder, data: "train: \"\(path)\", validation: 3" + data, output: output)
            let run = try TrainingRun(settings, parallelism: .serial)
            _ = try run.run(resuming: false, isInterrupted: { false }, report: { _ in })
            return try Potential(contentsOf: run.potentialPath).parameters
        }
        #expect(try weights("", "memory") == weights(", cache: \"\(folder.file("cache"))\"", "cache"))
        let configuration = LossGradient.cases[1].configuration()
        func trainer(keepsEdges: Bool) throws -> Trainer<Double> {
            let data = try DataSet(
                Self.structures, for: configuration, keepsEdges: keepsEdges, parallelism: .serial)
            #expect(data.isLarge == !keepsEdges)
            let model = try Model(configuration)
            return Trainer(
                try Samples.settings(training: "batch_size: 4"), model, ParameterSet(model.parameters, seed: 1),
                seed: 1,
                training: data, validation: data, parallelism: .serial)
        }
        let (a, b) = (try trainer(keepsEdges: true), try trainer(keepsEdges: false))
        for trainer in [a, b] { _ = try trainer.runEpoch { _, _ in false } }
        #expect(a.weights == b.weights)
        #expect(try a.validate().loss == b.validate().loss)
    }

    /// Errors by validation set and config_type, in the report of an epoch and in the file.
    @Test func errorsAreReportedByGroup() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(Self.structures)
        let a = try folder.write(Array(Self.structures[0..<3]), to: "a.xyz")
        let b = try folder.write(Array(Self.structures[3..<8]), to: "b.xyz")
        let settings = try settings(
            folder, data: "train: \"\(path)\", validation: {first: \"\(a)\", second: [\"\(b)\"]}", output: "run")
        let run = try TrainingRun(settings, parallelism: .serial)
        var last: GroupedErrors?
        _ = try run.run(
            resuming: false, isInterrupted: { false },
            report: { if case .epoch(let report) = $0 { last = report.errors } })
        let errors = try #require(last)
        #expect(errors[.validationSet].map(\.name) == ["first", "second"])
        #expect(errors[.validationSet].map(\.errors.structures) == [3, 5])
        #expect(errors[.configType].map(\.errors.structures) == [4, 4])
        // The mean of all is that of the parts, weighted by their atoms.
        let parts = errors[.validationSet].map(\.errors)
        let mean = parts.reduce(0) { $0 + $1.forcesMAE! * Double($1.atoms) } / Double(errors.all.atoms)
        #expect(abs(mean - errors.all.forcesMAE!) < 1e-9 * mean)
        let lines = try String(contentsOfFile: run.output + "/metrics_by_group.csv", encoding: .utf8)
            .split(separator: "\n")
        #expect(lines.count == 1 + 3 * 4)
        #expect(lines.contains { $0.hasPrefix("2,config_type,\"odd, of \"\"it\"\"\",4,") })
        // Predictions stand beside the labels.
        let read = try ExtendedXYZReader.readAll(
            path: run.output + "/validation.xyz",
            labels: LabelKeys(energy: "REF_energy", forces: "REF_forces", stress: "REF_stress", virial: nil))
        for (structure, label) in zip(read, Self.structures) {
            #expect(structure.energy == label.energy && structure.forces == label.forces)
        }
    }

    /// Sizes are nested, and the validation set does not change with them.
    @Test func trainingSizesAreNested() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(Self.structures)
        func runs(_ size: Int) throws -> TrainingRun {
            try TrainingRun(
                settings(
                    folder, data: "train: \"\(path)\", validation: 3, train_size: \(size)", output: "run"),
                parallelism: .serial)
        }
        let (small, large) = (try runs(4), try runs(7))
        func places(_ run: TrainingRun) -> Set<String> {
            Set((0..<run.training.count).map { "\(run.training.structure($0).positions)" })
        }
        #expect(places(small).count == 4 && places(small).isSubset(of: places(large)))
        #expect((0..<3).allSatisfy { small.validation.structure($0) == large.validation.structure($0) })
        #expect(throws: DataSetError.self) { try runs(10) }
    }

    /// TensorBoard's records: lengths and checksums as its own reader expects them, checked in Tests/python too.
    @Test func eventsAreWritten() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(Self.structures)
        let settings = try settings(folder, data: "train: \"\(path)\", validation: 3", output: "run")
        let run = try TrainingRun(settings, parallelism: .serial)
        _ = try run.run(resuming: false, isInterrupted: { false }, report: { _ in })
        let files = try FileManager.default.contentsOfDirectory(atPath: run.output)
            .filter { $0.hasPrefix("events.out.tfevents.") }
        #expect(files.count == 1)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: run.output + "/" + files[0]))
        var (place, records) = (0, 0)
        while place < bytes.count {
            let length = bytes.subdata(in: place..<place + 8).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
            place += 12 + Int(length) + 4
            records += 1
        }
        #expect(place == bytes.count && records == 4, "the version, and epochs 0 to 2")
    }

    /// Coefficients change at their epoch; losses of the validation compare all the same.
    @Test func coefficientsChangeInTheCourseOfATraining() throws {
        let settings = try Samples.settings(
            training: "loss: {energy: {coefficient: {0: 1, 3: 8}}, forces: {coefficient: {0: 1, 5: 2}}}")
        let loss = settings.loss
        #expect(loss.coefficients(at: 0) == LossTerms([.energy: 0.1, .forces: 0.1]))
        #expect(loss.coefficients(at: 2) == loss.coefficients(at: 0))
        #expect(loss.coefficients(at: 3) == LossTerms([.energy: 0.8, .forces: 0.1]))
        #expect(loss.coefficients(at: 100) == LossTerms([.energy: 0.8, .forces: 0.2]))
        #expect(loss.finalCoefficients == loss.coefficients(at: 5))
        for text in [
            "loss: {energy: {coefficient: {1: 1}}}", "loss: {energy: 0, forces: {coefficient: {0: 1, 5: 0}}}",
            "loss: {forces: {measure: huber}}", "loss: {forces: {delta: 1}}", "loss: {forces: {per_type: {Xx: 1}}}",
        ] {
            #expect(throws: (any Error).self, "\(text)") { try Samples.settings(training: text) }
        }
    }
}
