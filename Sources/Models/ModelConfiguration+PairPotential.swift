import Atoms
import Compute
import Interactions

extension ModelConfiguration {
    /// The pair potential that adds to the network, with the cutoffs of the model.
    public func pairInteraction(parallelism: Parallelism) throws -> ZBL? {
        guard pairPotential == .zbl else { return nil }
        var cutoffs: [Element: [Element: Double]] = [:]
        for (receiver, row) in zip(elements, perEdgeTypeCutoff) {
            cutoffs[receiver] = Dictionary(uniqueKeysWithValues: zip(elements, row))
        }
        return try ZBL(cutoff: rMax, pairCutoffs: cutoffs, parallelism: parallelism)
    }
}
