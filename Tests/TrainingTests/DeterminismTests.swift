import Atoms
import Compute
import Files
import Layers
import Models
import Potentials
import Testing

@testable import DataSets
@testable import Training

/// The same settings and data give the same weights, bit by bit.
@Suite struct Determinism {
    /// 512 atoms in a batch, so that loops over atoms, edges, knots and weights all have several chunks.
    @Test(arguments: ["adam", "muon"]) func weightsDoNotDependOnTheNumberOfThreads(optimizer: String) throws {
        var configuration = ModelConfiguration(NequIP(), rMax: 4, elements: [Samples.silicon], avgNumNeighbors: [16])
        (configuration.nequip.lMax, configuration.nequip.numFeatures, configuration.nequip.numLayers) = (
            2, [16, 8, 8], 2
        )
        (configuration.nequip.parity, configuration.nequip.typeEmbedNumFeatures) = (true, 16)
        configuration.nequip.radialMLPWidth = 32
        configuration.perTypeEnergyShifts = [-5.4]
        let structures = try (0..<8).map { try Samples.diamond(cells: 2, noise: 0.05, seed: UInt64($0)) }
        let trained = try [1, 2, 3].map { threads in
            let trainer = try Samples.trainer(
                Float.self, configuration, on: structures,
                training: "batch_size: 8, loss: {energy: 1, forces: 1, stress: 0.1}, optimizer: {name: \(optimizer)}",
                parallelism: Parallelism(threads: threads))
            let before = trainer.weights
            for _ in 0..<3 { _ = try trainer.runEpoch { _, _ in false } }
            #expect(trainer.weights != before)
            return trainer.state
        }
        #expect(trained[1] == trained[0], "two threads")
        #expect(trained[2] == trained[0], "three threads")
    }

    @Test func theSeedDecidesWeightsAndOrder() throws {
        let configuration = LossGradient.cases[1].configuration()
        func trained(_ seed: Int) throws -> TrainerState {
            let trainer = try Samples.trainer(
                Float.self, configuration, on: LossGradient.structures, training: "batch_size: 2, seed: \(seed)")
            _ = try trainer.runEpoch { _, _ in false }
            return trainer.state
        }
        #expect(try trained(1) == trained(1))
        #expect(try trained(1).weights != trained(2).weights)
    }

    @Test func everyEpochSeesEveryStructureOnceInANewOrder() {
        let orders = (0..<20).map { Permutation.shuffled(50, seed: 3, round: $0) }
        for order in orders { #expect(order.sorted() == Array(0..<50)) }
        #expect(Set(orders).count == 20)
        #expect(Permutation.shuffled(50, seed: 4, round: 0) != orders[0])
    }

    // MARK: Batches

    /// Structures of two to three hundred edges: every structure once, batches of equal size, and their edges within a
    /// few per cent of each other, where batches drawn at random differ by a factor of two.
    @Test func batchesHaveEquallyManyEdges() {
        let edges = (0..<203).map { 2 + $0 * $0 * 7919 % 299 }
        let batches = Batches.balanced(edges: edges, size: 5, seed: 1, round: 0)
        #expect(batches.count == 41 && batches.flatMap { $0 }.sorted() == Array(edges.indices))
        #expect(batches.allSatisfy { (4...5).contains($0.count) })
        let sums = batches.map { $0.reduce(0) { $0 + edges[$1] } }
        #expect(Double(sums.max()!) < 1.25 * Double(sums.min()!))
        #expect(Batches.balanced(edges: edges, size: 5, seed: 1, round: 0) == batches)
        #expect(Batches.balanced(edges: edges, size: 5, seed: 1, round: 1) != batches)
        #expect(Batches.balanced(edges: [], size: 5, seed: 1, round: 0).isEmpty)
    }

    /// Equal structures meet at random.
    @Test func companionsChangeFromEpochToEpoch() {
        let edges = Array(repeating: 12, count: 100)
        let companions = Set(
            (0..<50).flatMap { round in
                Batches.balanced(edges: edges, size: 5, seed: 1, round: round).first { $0.contains(0) }!
            })
        #expect(companions.count > 80)
    }
}
