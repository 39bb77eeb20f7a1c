import Atoms
import Compute
import Neighbors

/// The Lennard-Jones pair potential, `u = 4ε ((σ/r)¹² − (σ/r)⁶) S(r)`, in eV.
///
/// The switch `S = 1 − 10t³ + 15t⁴ − 6t⁵`, `t = (r − r_on)/(r_c − r_on)`, takes the energy and its first two
/// derivatives to zero at the cutoff. Unlike pairs mix by Lorentz (σ) and Berthelot (ε).
/// Jones, Proc. R. Soc. A 106, 463 (1924).
public final class LennardJones: Interaction {
    /// The depth ε of the well in eV and the distance σ (Å) at which the energy of two atoms is zero.
    public struct Parameters: Sendable, Equatable {
        public var epsilon: Double
        public var sigma: Double
        public init(epsilon: Double, sigma: Double) {
            self.epsilon = epsilon
            self.sigma = sigma
        }
    }

    public let parameters: [Element: Parameters]
    public var cutoff: Double { pair.cutoff }
    private let pair: Pair
    private let sum: PairSum

    /// - Parameters:
    ///   - onset: where the switch begins, in Å; 0.9 of the cutoff unless given.
    /// - Throws: `InteractionError` when a parameter makes no sense.
    public init(
        _ parameters: [Element: Parameters], cutoff: Double, onset: Double? = nil,
        parallelism: Parallelism = .allCores
    ) throws {
        let onset = onset ?? 0.9 * cutoff
        guard !parameters.isEmpty, parameters.values.allSatisfy({ $0.sigma > 0 && $0.epsilon >= 0 }) else {
            throw InteractionError(
                .invalidParameter, "Lennard-Jones needs σ > 0 and ε ≥ 0 for at least one element.")
        }
        guard cutoff.isFinite, 0 <= onset, onset < cutoff else {
            throw InteractionError(
                .invalidParameter,
                "Lennard-Jones needs 0 ≤ onset < cutoff; got an onset of \(onset) Å and a cutoff of \(cutoff) Å.")
        }
        self.parameters = parameters
        pair = Pair(parameters, cutoff: cutoff, onset: onset)
        sum = PairSum(parallelism: parallelism)
    }

    /// Argon as liquid-state theory has it: ε/k = 119.8 K, σ = 3.405 Å. Rahman, Phys. Rev. 136, A405 (1964).
    public static func argon(cutoff: Double = 8.5, parallelism: Parallelism = .allCores) throws -> LennardJones {
        try LennardJones(
            [Element("Ar")!: Parameters(epsilon: 119.8 * Units.boltzmann, sigma: 3.405)], cutoff: cutoff,
            parallelism: parallelism)
    }

    public func check(elements: [Element]) throws {
        guard elements.allSatisfy({ parameters[$0] != nil }) else {
            throw InteractionError.unknown(
                elements: elements, to: "The Lennard-Jones potential", covering: Array(parameters.keys))
        }
    }

    public func evaluate(elements: [Element], edges: EdgeList, into result: inout InteractionResult) throws {
        try sum.evaluate(pair, elements: elements, edges: edges, into: &result)
    }
}

extension LennardJones {
    fileprivate struct Pair: PairEnergy {
        let cutoff: Double
        let onset: Double
        /// `[Z]` — the place of an element among those of the potential.
        let kinds: [Int]
        /// `[kind][kind]` — 4ε and σ².
        let table: [SIMD2<Double>]
        let kindCount: Int

        init(_ parameters: [Element: Parameters], cutoff: Double, onset: Double) {
            self.cutoff = cutoff
            self.onset = onset
            let elements = parameters.keys.sorted()
            kindCount = elements.count
            var kinds = Array(repeating: 0, count: Element.count + 1)
            for (kind, element) in elements.enumerated() { kinds[element.atomicNumber] = kind }
            self.kinds = kinds
            table = elements.flatMap { a in
                elements.map { b in
                    let (a, b) = (parameters[a]!, parameters[b]!)
                    let sigma = (a.sigma + b.sigma) / 2
                    return SIMD2(4 * (a.epsilon * b.epsilon).squareRoot(), sigma * sigma)
                }
            }
        }

        @inline(__always)
        func energyAndSlope(at r: Double, between a: Int, and b: Int) -> (energy: Double, slope: Double) {
            let pair = table[kinds[a] * kindCount + kinds[b]]
            let inverse = 1 / r
            let s2 = pair.y * inverse * inverse
            let s6 = s2 * s2 * s2
            let energy = pair.x * s6 * (s6 - 1)
            let slope = pair.x * s6 * (6 - 12 * s6) * inverse
            guard r > onset else { return (energy, slope) }
            let width = 1 / (cutoff - onset)
            let t = (r - onset) * width
            let rest = 1 - t
            let value = rest * rest * rest * (1 + t * (3 + 6 * t))
            let derivative = -30 * t * t * rest * rest * width
            return (energy * value, slope * value + energy * derivative)
        }
    }
}
