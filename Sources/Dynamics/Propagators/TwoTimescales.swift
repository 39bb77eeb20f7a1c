import Atoms
import Interactions

/// An interaction, and a cheap one that is like it, for forces of two timesteps. To all but `MultipleTimesteps` it is
/// the dear one.
public final class TwoTimescales: Interaction {
    public let dear: any Interaction
    public let cheap: any Interaction

    public init(dear: any Interaction, cheap: any Interaction) { (self.dear, self.cheap) = (dear, cheap) }

    public var cutoff: Double { dear.cutoff }
    public var properties: [Property] { dear.properties }
    public var minimumDistances: MinimumDistances? { dear.minimumDistances }

    public func check(elements: [Element]) throws {
        try dear.check(elements: elements)
        try cheap.check(elements: elements)
    }

    public func evaluate(_ configuration: Configuration, into result: inout InteractionResult) throws {
        try dear.evaluate(configuration, into: &result)
    }

    public func memoryEstimate(atoms: Int, edges: Int) -> Double { dear.memoryEstimate(atoms: atoms, edges: edges) }
}
