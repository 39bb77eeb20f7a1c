import Atoms
import Neighbors

/// Several interactions at once: energies, forces and virials add. The cutoff is the longest of theirs.
public final class SumOfInteractions: Interaction {
    public let terms: [any Interaction]
    public let cutoff: Double
    private var part = InteractionResult()

    public init(_ terms: [any Interaction]) {
        precondition(!terms.isEmpty, "expected at least one interaction")
        self.terms = terms
        cutoff = terms.map(\.cutoff).max()!
    }

    /// Those of the first term that has any: a sum holds one learned potential, and pair terms have no limits.
    public var minimumDistances: MinimumDistances? {
        terms.lazy.compactMap(\.minimumDistances).first { !$0.isEmpty }
    }

    public func check(elements: [Element]) throws {
        for term in terms { try term.check(elements: elements) }
    }

    public func evaluate(elements: [Element], edges: EdgeList, into result: inout InteractionResult) throws {
        try terms[0].evaluate(elements: elements, edges: edges, into: &result)
        for term in terms.dropFirst() {
            try term.evaluate(elements: elements, edges: edges, into: &part)
            result.energy += part.energy
            result.virial += part.virial
            for i in 0..<elements.count {
                result.forces[i] += part.forces[i]
                result.atomicEnergies[i] += part.atomicEnergies[i]
            }
        }
    }
}
