import Atoms
import Foundation
import Neighbors

/// Which forces of a structure are exactly zero, and whether symmetry may be why.
enum ZeroForces: Equatable {
    case none
    /// All, in surroundings in which all forces vanish by symmetry.
    case all
    case allWithoutSymmetry
    /// Some, in surroundings in which they do not.
    case some(Int)

    /// How much of what neighbours pull may be left where they cancel: rounding of positions to five digits.
    private static let cancelled = 1e-3
    /// Where this much is left of a pull, a force of exactly zero is no accident.
    private static let uncancelled = 0.02
    /// eV/Å: others must have forces of this size (rms) before zeros among them mean anything.
    private static let smallestForce = 0.02

    init(_ structure: Structure, _ edges: EdgeList) {
        self = .none
        guard structure.count > 1, edges.count > 0, let forces = structure.forces else { return }
        // Of atoms that count.
        let weights = structure.forceWeights
        let counting = forces.indices.filter { (weights?[$0].max() ?? 1) > 0 }
        let zero = counting.filter { forces[$0] == .zero }
        guard !zero.isEmpty else { return }
        let pulls = Self.pulls(structure, edges)
        if zero.count == counting.count, counting.count == forces.count {
            self = pulls.contains { $0 > Self.cancelled } ? .allWithoutSymmetry : .all
            return
        }
        let squares = forces.reduce(0) { $0 + dot($1, $1) }
        guard squares > Self.smallestForce * Self.smallestForce * 3 * Double(forces.count - zero.count) else {
            return
        }
        let fixed = zero.count { pulls[$0] > Self.uncancelled }
        if fixed > 0 { self = .some(fixed) }
    }

    /// `[atom]` — |Σ_j w_j r̂_ij| / Σ_j w_j with w_j = Z_j exp(−r_ij/ξ): zero where site symmetry leaves no direction;
    /// the larger for two lengths ξ.
    private static func pulls(_ structure: Structure, _ edges: EdgeList) -> [Double] {
        var largest = [Double](repeating: 0, count: structure.count)
        for length in [0.5, 1.0] {
            for atom in 0..<structure.count {
                var (sum, weights) = (SIMD3<Double>.zero, 0.0)
                for edge in Int(edges.offsets[atom])..<Int(edges.offsets[atom + 1]) {
                    let vector = SIMD3(edges.x[edge], edges.y[edge], edges.z[edge])
                    let distance = norm(vector)
                    let charge = Double(structure.elements[Int(edges.sources[edge])].atomicNumber)
                    let weight = charge * exp(-distance / length)
                    sum += vector * (weight / distance)
                    weights += weight
                }
                if weights > 0 { largest[atom] = max(largest[atom], norm(sum) / weights) }
            }
        }
        return largest
    }
}
