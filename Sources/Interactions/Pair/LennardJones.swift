import Atoms
import Compute
import Neighbors

/// The Lennard-Jones pair potential, `u = 4ε ((σ/r)¹² − (σ/r)⁶)`, in eV, which ends at the cutoff as `Tail` says.
///
/// Unlike pairs mix by Lorentz (σ) and Berthelot (ε). Jones, Proc. R. Soc. A 106, 463 (1924).
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

    /// What becomes of the energy at the cutoff r_c.
    public enum Tail: Sendable, Equatable {
        /// `u S`, `S = 1 − 10t³ + 15t⁴ − 6t⁵`, `t = (r − onset)/(r_c − onset)`: energy and its first two derivatives
        /// go to zero.
        case switched(onset: Double)
        /// `u`: energy and force end with a step (LAMMPS' `lj/cut`). No dynamics conserves such an energy.
        case cut
        /// `u − u(r_c)`: the force ends with a step (`lj/cut` with `pair_modify shift yes`).
        case shifted
        /// `u − u(r_c) − (r − r_c) u′(r_c)`: the slope of the force ends with a step (`lj/smooth/linear`).
        case forceShifted
    }

    public let parameters: [Element: Parameters]
    public var cutoff: Double { pair.cutoff }
    private let pair: Pair
    private let sum: PairSum

    /// - Parameters:
    ///   - onset: where the switch begins, in Å; 0.9 of the cutoff unless given.
    /// - Throws: `InteractionError` when a parameter makes no sense.
    public convenience init(
        _ parameters: [Element: Parameters], cutoff: Double, onset: Double? = nil,
        parallelism: Parallelism = .allCores
    ) throws {
        try self.init(
            parameters, cutoff: cutoff, tail: .switched(onset: onset ?? 0.9 * cutoff), parallelism: parallelism)
    }

    /// - Throws: `InteractionError` when a parameter makes no sense.
    public init(
        _ parameters: [Element: Parameters], cutoff: Double, tail: Tail, parallelism: Parallelism = .allCores
    ) throws {
        let onset = if case .switched(let onset) = tail { onset } else { 0.0 }
        guard !parameters.isEmpty,
            parameters.values.allSatisfy({
                $0.sigma > 0 && $0.sigma.isFinite && $0.epsilon >= 0 && $0.epsilon.isFinite
            })
        else {
            throw InteractionError(
                .invalidParameter, "Lennard-Jones needs σ > 0 and ε ≥ 0 for at least one element.")
        }
        guard cutoff.isFinite, 0 <= onset, onset < cutoff else {
            throw InteractionError(
                .invalidParameter,
                "Lennard-Jones needs 0 ≤ onset < cutoff; got an onset of \(onset) Å and a cutoff of \(cutoff) Å.")
        }
        self.parameters = parameters
        pair = Pair(parameters, cutoff: cutoff, tail: tail)
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

    public func evaluate(_ configuration: Configuration, into result: inout InteractionResult) throws {
        try sum.evaluate(pair, configuration, into: &result)
    }

    public func hessian(
        of configuration: Configuration, times directions: [[SIMD3<Double>]]
    ) throws -> [[SIMD3<Double>]]? { sum.hessian(pair, configuration, times: directions) }

    public func energyFlow(of configuration: Configuration, velocities: [SIMD3<Double>]) throws -> EnergyFlow? {
        sum.energyFlow(pair, configuration, velocities: velocities)
    }

    public func heatDrivingForces(
        of configuration: Configuration, fields: [SIMD3<Double>]
    ) throws -> [[SIMD3<Double>]]? { sum.heatDrivingForces(pair, configuration, fields: fields) }
}

extension LennardJones {
    fileprivate struct Pair: PairEnergy {
        let cutoff: Double
        /// Å; the cutoff where nothing is switched.
        let onset: Double
        /// `[Z]` — the place of an element among those of the potential.
        let kinds: [Int]
        /// `[kind][kind]` — 4ε, σ², and of the line that is taken off: its value at r = 0 (eV) and its slope (eV/Å).
        let table: [SIMD4<Double>]
        let kindCount: Int

        init(_ parameters: [Element: Parameters], cutoff: Double, tail: Tail) {
            self.cutoff = cutoff
            onset = if case .switched(let onset) = tail { onset } else { cutoff }
            let elements = parameters.keys.sorted()
            kindCount = elements.count
            var kinds = Array(repeating: 0, count: Element.count + 1)
            for (kind, element) in elements.enumerated() { kinds[element.atomicNumber] = kind }
            self.kinds = kinds
            table = elements.flatMap { a in
                elements.map { b in
                    let (a, b) = (parameters[a]!, parameters[b]!)
                    let sigma = (a.sigma + b.sigma) / 2
                    let well = SIMD4(4 * (a.epsilon * b.epsilon).squareRoot(), sigma * sigma, 0, 0)
                    let end = Self.bare(well, at: cutoff)
                    let line: SIMD2<Double> =
                        switch tail {
                        case .switched, .cut: .zero
                        case .shifted: SIMD2(end.energy, 0)
                        case .forceShifted: SIMD2(end.energy - cutoff * end.slope, end.slope)
                        }
                    return SIMD4(well.x, well.y, line.x, line.y)
                }
            }
        }

        @inline(__always)
        private static func bare(_ pair: SIMD4<Double>, at r: Double) -> (energy: Double, slope: Double) {
            let inverse = 1 / r
            let s2 = pair.y * inverse * inverse
            let s6 = s2 * s2 * s2
            return (pair.x * s6 * (s6 - 1), pair.x * s6 * (6 - 12 * s6) * inverse)
        }

        @inline(__always)
        func energyAndSlope(at r: Double, between a: Int, and b: Int) -> (energy: Double, slope: Double) {
            let pair = table[kinds[a] * kindCount + kinds[b]]
            let (energy, slope) = Self.bare(pair, at: r)
            guard r > onset else { return (energy - pair.z - r * pair.w, slope - pair.w) }
            let width = 1 / (cutoff - onset)
            let t = (r - onset) * width
            let rest = 1 - t
            let value = rest * rest * rest * (1 + t * (3 + 6 * t))
            let derivative = -30 * t * t * rest * rest * width
            return (energy * value, slope * value + energy * derivative)
        }

        func curvature(at r: Double, between a: Int, and b: Int) -> Double {
            let pair = table[kinds[a] * kindCount + kinds[b]]
            let (energy, slope) = Self.bare(pair, at: r)
            let s2 = pair.y / (r * r)
            let s6 = s2 * s2 * s2
            let curvature = pair.x * s6 * (156 * s6 - 42) / (r * r)
            guard r > onset else { return curvature }
            let width = 1 / (cutoff - onset)
            let t = (r - onset) * width
            let rest = 1 - t
            return curvature * rest * rest * rest * (1 + t * (3 + 6 * t)) - 60 * slope * t * t * rest * rest * width
                - 60 * energy * t * rest * (1 - 2 * t) * width * width
        }
    }
}
