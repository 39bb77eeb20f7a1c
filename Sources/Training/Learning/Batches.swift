import DataSets

/// How the structures of an epoch are divided into batches.
enum Batches {
    /// `count` indices in batches of `size` (the last ones of one fewer where they do not divide), with almost equally
    /// many edges in each: time and memory of a step depend on its edges.
    ///
    /// Structures are sorted by edges, those with equally many at random, and dealt out to the batches to and fro, so
    /// that every batch gets large and small ones. Then the batches are shuffled. A function of `seed` and `round`.
    static func balanced(edges: [Int], size: Int, seed: UInt64, round: Int) -> [[Int]] {
        let count = (edges.count + size - 1) / size
        guard count > 0 else { return [] }
        let shuffled = Permutation.shuffled(edges.count, seed: seed, round: round)
        let places = shuffled.enumerated().sorted { a, b in
            (edges[b.element], a.offset) < (edges[a.element], b.offset)
        }
        var batches = [[Int]](repeating: [], count: count)
        for (place, entry) in places.enumerated() {
            let (row, column) = place.quotientAndRemainder(dividingBy: count)
            batches[row.isMultiple(of: 2) ? column : count - 1 - column].append(entry.element)
        }
        return Permutation.shuffled(count, seed: seed, round: round, stream: 3).map { batches[$0] }
    }
}
