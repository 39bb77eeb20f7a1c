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

    public var ghostExchange: GhostExchange? {
        get { terms.lazy.compactMap(\.ghostExchange).first }
        set { for term in terms { term.ghostExchange = newValue } }
    }

    public var longestExchange: Int { terms.map(\.longestExchange).max()! }

    public func memoryEstimate(atoms: Int, edges: Int) -> Double {
        terms.reduce(0) { $0 + $1.memoryEstimate(atoms: atoms, edges: edges) }
    }

    public func check(elements: [Element]) throws {
        for term in terms { try term.check(elements: elements) }
    }

    public func evaluate(elements: [Element], edges: EdgeList, into result: inout InteractionResult) throws {
        try terms[0].evaluate(elements: elements, edges: edges, into: &result)
        part.wantsAtomicVirials = result.wantsAtomicVirials
        for term in terms.dropFirst() {
            try term.evaluate(elements: elements, edges: edges, into: &part)
            result.energy += part.energy
            result.virial += part.virial
            for i in result.forces.indices { result.forces[i] += part.forces[i] }
            for i in result.atomicEnergies.indices { result.atomicEnergies[i] += part.atomicEnergies[i] }
            for i in result.atomicVirials.indices { result.atomicVirials[i] += part.atomicVirials[i] }
            for i in result.memberEnergies.indices { result.memberEnergies[i] += part.energy }
        }
    }
}
