import Atoms
import Neighbors

/// Several interactions at once: energies, forces and virials add. The cutoff is the longest of theirs.
///
/// One of them may be a committee: what its members disagree about is then that of the sum.
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

    public var properties: [Property] { Set(terms.flatMap(\.properties)).sorted() }

    public func hessian(
        of configuration: Configuration, times directions: [[SIMD3<Double>]]
    ) throws -> [[SIMD3<Double>]]? {
        var sums = directions.map { $0.map { _ in SIMD3<Double>.zero } }
        for term in terms {
            guard let products = try term.hessian(of: configuration, times: directions) else { return nil }
            for (k, product) in products.enumerated() {
                for atom in product.indices { sums[k][atom] += product[atom] }
            }
        }
        return sums
    }

    public func heatDrivingForces(
        of configuration: Configuration, fields: [SIMD3<Double>]
    ) throws -> [[SIMD3<Double>]]? {
        var sums = fields.map { _ in [SIMD3<Double>](repeating: .zero, count: configuration.elements.count) }
        for term in terms {
            guard let forces = try term.heatDrivingForces(of: configuration, fields: fields) else { return nil }
            for k in sums.indices { for atom in sums[k].indices { sums[k][atom] += forces[k][atom] } }
        }
        return sums
    }

    public func energyFlow(of configuration: Configuration, velocities: [SIMD3<Double>]) throws -> EnergyFlow? {
        var sum = EnergyFlow(atoms: configuration.elements.count)
        for term in terms {
            guard let flow = try term.energyFlow(of: configuration, velocities: velocities) else { return nil }
            sum.flux += flow.flux
            for atom in sum.rates.indices { sum.rates[atom] += flow.rates[atom] }
        }
        return sum
    }

    public func check(elements: [Element]) throws {
        for term in terms { try term.check(elements: elements) }
    }

    public func evaluate(_ configuration: Configuration, into result: inout InteractionResult) throws {
        try terms[0].evaluate(configuration, into: &result)
        part.wantsAtomicVirials = result.wantsAtomicVirials
        part.wantsProperties = result.wantsProperties
        for term in terms.dropFirst() {
            try term.evaluate(configuration, into: &part)
            if let deviation = part.deviation {
                precondition(result.deviation == nil, "expected one committee in a sum of interactions, found two")
                result.deviation = deviation
                result.memberEnergies = part.memberEnergies.map { $0 + result.energy }
            } else {
                for i in result.memberEnergies.indices { result.memberEnergies[i] += part.energy }
            }
            result.properties.merge(part.properties) { first, second in zip(first, second).map { $0 + $1 } }
            result.energy += part.energy
            result.virial += part.virial
            for i in result.forces.indices { result.forces[i] += part.forces[i] }
            for i in result.atomicEnergies.indices { result.atomicEnergies[i] += part.atomicEnergies[i] }
            for i in result.atomicVirials.indices { result.atomicVirials[i] += part.atomicVirials[i] }
        }
    }
}

extension SumOfInteractions: ProfiledInteraction {
    private var profiled: [any ProfiledInteraction] { terms.compactMap { $0 as? any ProfiledInteraction } }

    public var isProfiling: Bool {
        get { profiled.contains(where: \.isProfiling) }
        set { for term in profiled { term.isProfiling = newValue } }
    }

    public var profile: [(name: String, seconds: Double)] { profiled.flatMap(\.profile) }

    public var memoryBytes: Int { profiled.reduce(0) { $0 + $1.memoryBytes } }
}
