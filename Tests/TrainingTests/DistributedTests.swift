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

/// Ranks as threads of one process, which add up in the order of their numbers.
private final class ThreadRanks: @unchecked Sendable {
    private let condition = NSCondition()
    private let size: Int
    private var arrived = 0
    private var round = 0
    private var sums: [Double] = []
    private var parts: [[Double]]

    init(size: Int) {
        self.size = size
        parts = Array(repeating: [], count: size)
    }

    final class Rank: Communicator {
        let rank: Int
        let ranks: ThreadRanks
        var size: Int { ranks.size }

        init(_ rank: Int, of ranks: ThreadRanks) { (self.rank, self.ranks) = (rank, ranks) }

        func sum(_ numbers: UnsafeMutableBufferPointer<Float>) {
            let sums = ranks.exchange(numbers.map(Double.init), rank) { $0 + $1 }
            for k in numbers.indices { numbers[k] = Float(sums[k]) }
        }

        func sum(_ numbers: UnsafeMutableBufferPointer<Double>) {
            let sums = ranks.exchange(Array(numbers), rank) { $0 + $1 }
            for k in numbers.indices { numbers[k] = sums[k] }
        }

        func broadcast(_ numbers: UnsafeMutableBufferPointer<Double>) {
            let sums = ranks.exchange(Array(numbers), rank) { first, _ in first }
            for k in numbers.indices { numbers[k] = sums[k] }
        }
    }

    /// Waits for all, and gives all what comes of their numbers.
    private func exchange(_ numbers: [Double], _ rank: Int, _ join: (Double, Double) -> Double) -> [Double] {
        condition.withLock {
            parts[rank] = numbers
            arrived += 1
            if arrived == size {
                sums = parts.dropFirst().reduce(parts[0]) { zip($0, $1).map(join) }
                arrived = 0
                round += 1
                condition.broadcast()
                return sums
            }
            let mine = round
            while round == mine { condition.wait() }
            return sums
        }
    }
}

/// Batches shared by several processes: the same training, to rounding.
@Suite struct DistributedTraining {
    private static let structures = TrainingRuns.structures

    private func state(ranks: Int, seed: UInt64 = 3) throws -> [(state: TrainerState, loss: Double)] {
        let configuration = LossGradient.cases[1].configuration()
        let model = try Model(configuration)
        let data = try DataSet(Self.structures, for: configuration, parallelism: .serial)
        let settings = try Samples.settings(
            training:
                "batch_size: 5, loss: {stress: 1}, precision: float64, validation_batch_size: 2, gradient_clip: 0.5")
        let joined = ThreadRanks(size: ranks)
        let results = Results(count: ranks)
        // Threads of their own: ranks wait for each other, whatever else runs.
        let done = DispatchGroup()
        for rank in 0..<ranks {
            done.enter()
            Thread.detachNewThread {
                defer { done.leave() }
                results.set(
                    rank,
                    Result {
                        let trainer = Trainer<Double>(
                            settings, model, ParameterSet(model.parameters, seed: seed), seed: seed, training: data,
                            validation: data, parallelism: .serial,
                            communicator: ranks > 1 ? ThreadRanks.Rank(rank, of: joined) : nil)
                        for _ in 0..<2 { _ = try trainer.runEpoch { _, _ in false } }
                        return (trainer.state, try trainer.validate().loss)
                    })
            }
        }
        done.wait()
        return try results.all()
    }

    private final class Results: @unchecked Sendable {
        private let lock = NSLock()
        private var values: [Result<(state: TrainerState, loss: Double), any Error>?]
        init(count: Int) { values = Array(repeating: nil, count: count) }
        func set(_ index: Int, _ value: Result<(state: TrainerState, loss: Double), any Error>) {
            lock.withLock { values[index] = value }
        }
        func all() throws -> [(state: TrainerState, loss: Double)] {
            try lock.withLock { try values.map { try $0!.get() } }
        }
    }

    @Test(arguments: [2, 3]) func ranksTrainTheSameWeights(_ ranks: Int) throws {
        let alone = try state(ranks: 1)[0]
        let together = try state(ranks: ranks)
        for other in together.dropFirst() {
            #expect(other.state == together[0].state && other.loss == together[0].loss)
        }
        let size = alone.state.weights.reduce(0) { max($0, abs($1)) }
        for (a, b) in zip(alone.state.weights, together[0].state.weights) { #expect(abs(a - b) < 1e-8 * size) }
        #expect(abs(alone.loss - together[0].loss) < 1e-8 * alone.loss)
        #expect(alone.state.steps == 6)
    }

    /// A file that is another one on another machine: all ranks say so, and none trains.
    @Test func ranksWithOtherDataAreFound() throws {
        let folder = try TemporaryFolder()
        var others = Self.structures
        others[1].energy! += 1
        let paths = try [folder.write(Self.structures, to: "a.xyz"), folder.write(others, to: "b.xyz")]
        func check(_ training: [String]) throws -> [(any Error)?] {
            let runs = try training.map { path in
                let model = "avg_num_neighbors: 4, per_type_energy_scales: 1, per_type_energy_shifts: 0"
                var settings = try Samples.settings(
                    data: path, model: model, training: "max_epochs: 1", output: folder.file("run"))
                settings.text = "the same"
                return try TrainingPreparation(settings, parallelism: .serial)
            }
            let joined = ThreadRanks(size: 2)
            let results = Outcomes(count: 2)
            let done = DispatchGroup()
            for rank in 0..<2 {
                done.enter()
                Thread.detachNewThread {
                    defer { done.leave() }
                    results.set(
                        rank,
                        Result {
                            try TrainingRun(
                                runs[rank], parallelism: .serial, communicator: ThreadRanks.Rank(rank, of: joined)
                            ).agree(resuming: false)
                        })
                }
            }
            done.wait()
            return results.errors
        }
        #expect(try check([paths[0], paths[0]]).allSatisfy { $0 == nil })
        for error in try check(paths) {
            #expect((error as? TrainingError)?.message.contains("same data files, choice of structures") == true)
        }
    }

    private final class Outcomes: @unchecked Sendable {
        private let lock = NSLock()
        private var values: [Result<Void, any Error>?]
        init(count: Int) { values = Array(repeating: nil, count: count) }
        func set(_ index: Int, _ value: Result<Void, any Error>) { lock.withLock { values[index] = value } }
        var errors: [(any Error)?] {
            lock.withLock { values.map { if case .failure(let error)? = $0 { error } else { nil } } }
        }
    }

    @Test func withoutMpirunThereAreNoRanks() {
        #expect(!MPI.isPresent && MPI.ranksOnThisMachine == 1)
        #expect(throws: MPI.Failure.self) { try MPI() }
    }

    /// β of exact powers, and what is left out.
    @Test func powersAreFitted() throws {
        let sizes = [25, 50, 100, 200]
        let law = try #require(PowerLaw(sizes: sizes, errors: sizes.map { 30 * pow(Double($0), -0.6) }))
        #expect(abs(law.exponent - 0.6) < 1e-12 && abs(law.prefactor - 30) < 1e-9 && law.exponentError! < 1e-9)
        #expect(abs(law(400) - 30 * pow(400, -0.6)) < 1e-9)
        #expect(PowerLaw(sizes: [10, 20], errors: [nil, 1]) == nil)
        #expect(PowerLaw(sizes: [10, 20, 40], errors: [4, nil, 1])!.exponentError == nil)
        let noisy = try #require(PowerLaw(sizes: sizes, errors: [10, 5.5, 2.4, 1.3]))
        #expect(noisy.exponent > 0.9 && noisy.exponent < 1.1 && noisy.exponentError! > 0)
    }
}
