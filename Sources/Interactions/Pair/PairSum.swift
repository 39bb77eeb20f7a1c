import Atoms
import Compute
import Neighbors

/// An energy that depends on the distance of two atoms and on their elements only.
protocol PairEnergy: Sendable {
    var cutoff: Double { get }

    /// The energy of a pair (eV) and its derivative by the distance (eV/Å) at a distance `r` (Å) below the cutoff.
    /// `a` and `b` are atomic numbers that `check(elements:)` has accepted.
    func energyAndSlope(at r: Double, between a: Int, and b: Int) -> (energy: Double, slope: Double)

    /// The second derivative of the energy by the distance, eV/Å².
    func curvature(at r: Double, between a: Int, and b: Int) -> Double
}

/// Sums a pair energy over a full directed edge list: every edge carries half a pair.
///
///     E_i = ½ Σ_j u(r_ij),   F_i = Σ_j u′(r_ij) r_ij / r_ij,   W = −½ Σ_ij u′(r_ij) r_ij ⊗ r_ij / r_ij
///
/// The force on an atom gathers over its own edges, because the reverse edge carries the other half of the pair.
struct PairSum {
    var parallelism: Parallelism

    /// Atoms to a range. A fixed number, so that sums do not depend on the threads.
    private static let length = 512

    private struct Total {
        var energy = 0.0
        var virial = Matrix3.zero
    }

    func evaluate(
        _ pair: some PairEnergy, _ configuration: Configuration, into result: inout InteractionResult
    ) throws {
        let (elements, edges) = (configuration.elements, configuration.edges)
        result.reset(count: edges.atomCount, ghosts: edges.ghostCount)
        let cutoffSquared = pair.cutoff * pair.cutoff
        let total = parallelism.reduce(
            &result.forces, &result.atomicEnergies, by: Self.length, from: Total(),
            { sum, part in
                sum.energy += part.energy
                sum.virial += part.virial
            }
        ) { atoms, forces, energies in
            var total = Total()
            let (x, y, z) = (edges.x.span, edges.y.span, edges.z.span)
            let (offsets, sources, elements) = (edges.offsets.span, edges.sources.span, elements.span)
            for i in atoms {
                var force = SIMD3<Double>.zero
                var energy = 0.0
                let a = elements[i].atomicNumber
                for e in Int(offsets[i])..<Int(offsets[i + 1]) {
                    let r = SIMD3(x[e], y[e], z[e])
                    let square = dot(r, r)
                    guard square < cutoffSquared else { continue }
                    let distance = square.squareRoot()
                    let u = pair.energyAndSlope(at: distance, between: a, and: elements[Int(sources[e])].atomicNumber)
                    energy += 0.5 * u.energy
                    let pull = r * (u.slope / distance)
                    force += pull
                    total.virial += Matrix3.outer(pull, r) * -0.5
                }
                forces[i - atoms.lowerBound] = force
                energies[i - atoms.lowerBound] = energy
                total.energy += energy
            }
            return total
        }
        if result.wantsAtomicVirials { atomicVirials(pair, elements, edges, into: &result.atomicVirials) }
        result.energy = total.energy
        // Symmetric but for rounding.
        result.virial = (total.virial + total.virial.transposed) * 0.5
        guard total.energy.isFinite, total.virial.trace.isFinite else {
            throw InteractionError(
                .notFinite, "The pair energy is not finite (\(total.energy) eV): do two atoms lie on each other?")
        }
    }

    /// The virial of the edges into an atom is the atom's share: both edges of a pair carry the same.
    private func atomicVirials(
        _ pair: some PairEnergy, _ elements: [Element], _ edges: EdgeList, into virials: inout [Matrix3]
    ) {
        let cutoffSquared = pair.cutoff * pair.cutoff
        parallelism.update(&virials, by: Self.length) { atoms, virials in
            for i in atoms where i < edges.atomCount {
                for e in Int(edges.offsets[i])..<Int(edges.offsets[i + 1]) {
                    let r = SIMD3(edges.x[e], edges.y[e], edges.z[e])
                    let square = dot(r, r)
                    guard square < cutoffSquared else { continue }
                    let distance = square.squareRoot()
                    let slope = pair.energyAndSlope(
                        at: distance, between: elements[i].atomicNumber,
                        and: elements[Int(edges.sources[e])].atomicNumber
                    ).slope
                    virials[i - atoms.lowerBound] += Matrix3.outer(r, r) * (-0.5 * slope / distance)
                }
            }
        }
    }
}
