import Atoms
import Compute
import Foundation
import Neighbors

/// The Stillinger–Weber potential of one element, in eV: pairs, and triples that prefer the tetrahedral angle.
///
///     E_i = ½ Σ_j ε A (B (σ/r)⁴ − 1) e^{σ/(r − aσ)} + Σ_{j<k} ε λ (cos θ_jik + ⅓)² e^{γσ/(r_ij − aσ)} e^{γσ/(r_ik − aσ)}
///
/// All derivatives vanish at the cutoff aσ. Stillinger and Weber, Phys. Rev. B 31, 5262 (1985), eqs. 2.3–2.6.
public final class StillingerWeber: Interaction {
    /// ε in eV, σ in Å, the rest without unit.
    public struct Parameters: Sendable, Equatable {
        public var epsilon, sigma, a, lambda, gamma, A, B: Double

        public init(
            epsilon: Double, sigma: Double, a: Double = 1.8, lambda: Double = 21, gamma: Double = 1.2,
            A: Double = 7.049556277, B: Double = 0.6022245584
        ) {
            (self.epsilon, self.sigma, self.a, self.lambda) = (epsilon, sigma, a, lambda)
            (self.gamma, self.A, self.B) = (gamma, A, B)
        }

        /// ε = 50 kcal/mol and σ = 2.0951 Å of the paper, in the digits that other programs have them in.
        public static let silicon = Parameters(epsilon: 2.1683, sigma: 2.0951)
    }

    public let element: Element
    public let parameters: Parameters
    public var cutoff: Double { parameters.a * parameters.sigma }
    private let parallelism: Parallelism
    /// `[edge]` — dE/dr of the energy of the edge's receiver, eV/Å.
    private var slopes: [SIMD3<Double>] = []

    /// Atoms to a range. A fixed number, so that sums do not depend on the threads.
    private static let length = 256

    /// - Throws: `InteractionError` when a parameter makes no sense.
    public init(
        _ element: Element = Element(atomicNumber: 14)!, parameters: Parameters = .silicon,
        parallelism: Parallelism = .allCores
    ) throws {
        let p = parameters
        let needed = [("epsilon", p.epsilon), ("sigma", p.sigma), ("a", p.a)]
        if let (name, value) = needed.first(where: { !($0.1 > 0 && $0.1.isFinite) }) {
            throw InteractionError(.invalidParameter, "Stillinger–Weber needs \(name) > 0; got \(value).")
        }
        let others = [("lambda", p.lambda), ("gamma", p.gamma), ("A", p.A), ("B", p.B)]
        if let (name, value) = others.first(where: { !($0.1 >= 0 && $0.1.isFinite) }) {
            throw InteractionError(.invalidParameter, "Stillinger–Weber needs \(name) ≥ 0; got \(value).")
        }
        self.element = element
        self.parameters = parameters
        self.parallelism = parallelism
    }

    public func check(elements: [Element]) throws {
        guard elements.allSatisfy({ $0 == element }) else {
            throw InteractionError.unknown(
                elements: elements, to: "The Stillinger–Weber potential", covering: [element])
        }
    }

    private struct Total {
        var energy = 0.0
        var virial = Matrix3.zero
    }

    public func evaluate(_ configuration: Configuration, into result: inout InteractionResult) throws {
        let edges = configuration.edges
        result.reset(count: edges.atomCount, ghosts: edges.ghostCount)
        if slopes.count < edges.count {
            slopes.append(contentsOf: repeatElement(.zero, count: edges.count - slopes.count))
        }
        let total = centres(edges, &result)
        let slopes = slopes
        parallelism.update(&result.forces, by: Self.length) { atoms, forces in
            let slopes = slopes.span
            for i in atoms {
                var force = SIMD3<Double>.zero
                if i < edges.atomCount {
                    for e in Int(edges.offsets[i])..<Int(edges.offsets[i + 1]) { force += slopes[e] }
                }
                for t in Int(edges.transposedOffsets[i])..<Int(edges.transposedOffsets[i + 1]) {
                    force -= slopes[Int(edges.transposed[t])]
                }
                forces[i - atoms.lowerBound] = force
            }
        }
        if result.wantsAtomicVirials {
            for e in 0..<edges.count {
                let r = SIMD3(edges.x[e], edges.y[e], edges.z[e])
                let half = (Matrix3.outer(slopes[e], r) + Matrix3.outer(r, slopes[e])) * -0.25
                result.atomicVirials[Int(edges.receivers[e])] += half
                result.atomicVirials[Int(edges.sources[e])] += half
            }
        }
        result.energy = total.energy
        // Symmetric but for rounding.
        result.virial = (total.virial + total.virial.transposed) * 0.5
        guard total.energy.isFinite, total.virial.trace.isFinite else {
            throw InteractionError(
                .notFinite,
                "The Stillinger–Weber energy is not finite (\(total.energy) eV): do two atoms lie on each other?")
        }
    }

    /// Energies depend on the edges into an atom alone.
    public func energyFlow(of configuration: Configuration, velocities: [SIMD3<Double>]) throws -> EnergyFlow? {
        var result = InteractionResult()
        try evaluate(configuration, into: &result)
        return EnergyFlow(configuration.edges, velocities: velocities) { slopes[$0] }
    }

    public func heatDrivingForces(
        of configuration: Configuration, fields: [SIMD3<Double>]
    ) throws -> [[SIMD3<Double>]]? {
        var result = InteractionResult()
        try evaluate(configuration, into: &result)
        return EnergyFlow.drivingForces(configuration.edges, fields: fields) { slopes[$0] }
    }

    /// Energies of all centres, and the slopes of their edges.
    private func centres(_ edges: EdgeList, _ result: inout InteractionResult) -> Total {
        let (p, cutoffSquared) = (parameters, cutoff * cutoff)
        return slopes.withUnsafeMutableBufferPointer { slopes in
            nonisolated(unsafe) let slopes = slopes
            return parallelism.reduce(
                &result.forces, &result.atomicEnergies, by: Self.length, from: Total(),
                { sum, part in
                    sum.energy += part.energy
                    sum.virial += part.virial
                }
            ) { atoms, _, energies in
                var total = Total()
                let (x, y, z, offsets) = (edges.x.span, edges.y.span, edges.z.span, edges.offsets.span)
                for i in atoms {
                    let row = Int(offsets[i])..<Int(offsets[i + 1])
                    var energy = 0.0
                    for e in row {
                        let r = SIMD3(x[e], y[e], z[e])
                        let square = dot(r, r)
                        slopes[e] = .zero
                        guard square < cutoffSquared else { continue }
                        let distance = square.squareRoot()
                        let u = Self.pair(p, distance)
                        energy += 0.5 * u.energy
                        slopes[e] = r * (0.5 * u.slope / distance)
                    }
                    for e in row {
                        let r = SIMD3(x[e], y[e], z[e])
                        let square = dot(r, r)
                        guard square < cutoffSquared else { continue }
                        let first = square.squareRoot()
                        let g = Self.decay(p, first)
                        for f in (e + 1)..<max(e + 1, row.upperBound) {
                            let s = SIMD3(x[f], y[f], z[f])
                            let otherSquare = dot(s, s)
                            guard otherSquare < cutoffSquared else { continue }
                            let second = otherSquare.squareRoot()
                            let h = Self.decay(p, second)
                            let cosine = dot(r, s) / (first * second)
                            let bend = cosine + 1.0 / 3
                            let strength = p.epsilon * p.lambda * g.value * h.value
                            energy += strength * bend * bend
                            let byCosine = 2 * strength * bend
                            let u = r / first
                            let v = s / second
                            slopes[e] += u * (strength * bend * bend * g.rate) + (v - u * cosine) * (byCosine / first)
                            slopes[f] +=
                                v * (strength * bend * bend * h.rate) + (u - v * cosine) * (byCosine / second)
                        }
                    }
                    for e in row { total.virial += Matrix3.outer(slopes[e], SIMD3(x[e], y[e], z[e])) * -1 }
                    energies[i - atoms.lowerBound] = energy
                    total.energy += energy
                }
                return total
            }
        }
    }

    /// The energy of a pair (eV) and its slope (eV/Å), below the cutoff.
    @inline(__always)
    private static func pair(_ p: Parameters, _ r: Double) -> (energy: Double, slope: Double) {
        let rest = r - p.a * p.sigma
        let decay = exp(p.sigma / rest)
        let s = p.sigma / r
        let s4 = s * s * s * s
        let core = p.epsilon * p.A * (p.B * s4 - 1) * decay
        return (core, p.epsilon * p.A * decay * -4 * p.B * s4 / r - core * p.sigma / (rest * rest))
    }

    /// e^{γσ/(r − aσ)} and the derivative of its logarithm.
    @inline(__always)
    private static func decay(_ p: Parameters, _ r: Double) -> (value: Double, rate: Double) {
        let rest = r - p.a * p.sigma
        return (exp(p.gamma * p.sigma / rest), -p.gamma * p.sigma / (rest * rest))
    }
}
