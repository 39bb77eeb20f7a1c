import Atoms

/// Translations and rotations of atoms as one body, of first order: what does not change the energy of a structure that
/// nothing holds.
///
///     t_k: uᵢ = e_k;   r_k: uᵢ = e_k × (rᵢ − centre)
///
/// made orthonormal, each atom weighted by the root of its weight. Atoms in a line have two rotations, one atom has
/// none.
public struct RigidMotions: Sendable {
    /// `[motion][3 atom + axis]`, orthonormal.
    public let vectors: [[Double]]

    /// - Parameters:
    ///   - weights: `[atom]` — masses, where vectors are weighted by their roots; 1 for displacements.
    ///   - rotates: whether rotations are among them, which they are not through periodic boundaries.
    public init(of positions: [SIMD3<Double>], weights: [Double]? = nil, rotates: Bool = true) {
        let weights = weights ?? Array(repeating: 1, count: positions.count)
        let total = weights.reduce(0, +)
        let centre = zip(positions, weights).reduce(SIMD3<Double>.zero) { $0 + $1.0 * ($1.1 / total) }
        let axes = [SIMD3(1.0, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)]
        var fields = axes.map { axis in positions.map { _ in axis } }
        if rotates { fields += axes.map { axis in positions.map { cross(axis, $0 - centre) } } }
        var motions: [[Double]] = []
        for field in fields {
            var vector = zip(field, weights).flatMap { u, weight in
                (0..<3).map { u[$0] * weight.squareRoot() }
            }
            // Twice, against rounding.
            for _ in 0..<2 { for known in motions { vector = sum(vector, -product(known, vector), known) } }
            let length = product(vector, vector).squareRoot()
            // Shorter: a rotation of a linear molecule about its axis, atoms within 10⁻³ Å of it.
            if length > 1e-3 * total.squareRoot() { motions.append(vector.map { $0 / length }) }
        }
        vectors = motions
    }

    /// What is left of a vector without its parts along these motions.
    func removed(from vector: [Double]) -> [Double] {
        vectors.reduce(vector) { sum($0, -product($1, $0), $1) }
    }
}
