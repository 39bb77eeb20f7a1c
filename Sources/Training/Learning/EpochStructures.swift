import Compute
import DataSets

/// The structures that epochs are made of: all of the training set, and a share of old ones, others in each epoch.
struct EpochStructures: Sendable {
    let training: DataSet
    /// Structures of the data that a potential was trained on before.
    let replay: DataSet?
    /// How many old structures an epoch has.
    let replayCount: Int

    /// - Parameter share: the part of an epoch's structures that are old.
    init(_ training: DataSet, replay: DataSet?, share: Double?) {
        self.training = training
        self.replay = replay
        guard let replay, let share else {
            replayCount = 0
            return
        }
        replayCount = min(replay.count, max(1, Int((share / (1 - share) * Double(training.count)).rounded())))
    }

    /// Structures of an epoch.
    var count: Int { training.count + replayCount }

    /// The structures of an epoch in batches of almost equally many edges; a function of seed and epoch. Old structures
    /// are numbered after the new ones.
    func batches(ofEpoch epoch: Int, size: Int, seed: UInt64) -> [[Int]] {
        let old = Permutation.shuffled(replay?.count ?? 0, seed: seed, round: epoch, stream: 4).prefix(replayCount)
        let order = Array(0..<training.count) + old.map { training.count + $0 }
        let edges = order.map { index in select(index) { $0.edgeCounts[$1] } }
        return Batches.balanced(edges: edges, size: size, seed: seed, round: epoch).map { $0.map { order[$0] } }
    }

    func items(_ indices: [Int], _ parallelism: Parallelism) throws -> [DataSet.Item] {
        try indices.flatMap { index in try select(index) { try $0.items([$1], parallelism) } }
    }

    /// How many numbers the terms of the loss are means over.
    func lossCounts(_ indices: [Int]) -> LossTerms {
        indices.reduce(into: LossTerms()) { sum, index in sum += select(index) { $0.lossCounts[$1] } }
    }

    private func select<R>(_ index: Int, _ body: (DataSet, Int) throws -> R) rethrows -> R {
        index < training.count ? try body(training, index) : try body(replay!, index - training.count)
    }
}
