import Interactions

extension Interaction {
    /// Edges that are evaluated together at most: enough to keep all cores busy.
    private static var batch: Int { 400_000 }

    /// Energies and forces of these, small ones side by side.
    ///
    /// - Throws: a `StructureEvaluationError` that says which cannot be evaluated.
    func evaluateTogether(_ configurations: [Configuration]) throws -> [InteractionResult] {
        var results: [InteractionResult] = []
        results.reserveCapacity(configurations.count)
        var first = 0
        while first < configurations.count {
            var (end, edges) = (first + 1, configurations[first].edges.count)
            while end < configurations.count, edges + configurations[end].edges.count <= Self.batch {
                edges += configurations[end].edges.count
                end += 1
            }
            var part = [InteractionResult](repeating: InteractionResult(), count: end - first)
            do {
                try evaluate(Array(configurations[first..<end]), into: &part)
            } catch {
                // One of them is to blame; alone each says what it has to say.
                for k in first..<end {
                    do {
                        try evaluate(configurations[k], into: &part[k - first])
                    } catch {
                        throw StructureEvaluationError(index: k, cause: error)
                    }
                }
            }
            results += part
            first = end
        }
        return results
    }
}
