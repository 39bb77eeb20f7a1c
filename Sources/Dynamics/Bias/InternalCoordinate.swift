import Atoms
import Foundation

/// A number that says how some atoms are to each other.
public enum InternalCoordinate: Sendable, Equatable {
    /// Å
    case distance(Int, Int)
    /// At the second atom, rad, from 0 to π.
    case angle(Int, Int, Int)
    /// About the bond of the second and third atom, rad, from −π to π; IUPAC's sign: 0 is cis, positive clockwise.
    case dihedral(Int, Int, Int, Int)

    public var atoms: [Int] {
        switch self {
        case .distance(let i, let j): [i, j]
        case .angle(let i, let j, let k): [i, j, k]
        case .dihedral(let i, let j, let k, let l): [i, j, k, l]
        }
    }

    /// From one atom to the next; by the nearest image.
    private func vectors(_ positions: [SIMD3<Double>], _ cell: Cell?) -> [SIMD3<Double>] {
        let atoms = atoms
        return (1..<atoms.count).map { k in
            let r = positions[atoms[k]] - positions[atoms[k - 1]]
            return r + (cell?.shiftToNearest(r) ?? .zero)
        }
    }

    /// Its value, and its derivatives by the vectors from one atom to the next.
    func value(
        at positions: [SIMD3<Double>], in cell: Cell?
    ) -> (value: Double, vectors: [SIMD3<Double>], slopes: [SIMD3<Double>]) {
        let r = vectors(positions, cell)
        switch self {
        case .distance:
            let length = norm(r[0])
            return (length, r, [r[0] * (1 / length)])
        case .angle:
            // θ between −r₁ and r₂.
            let (a, b) = (r[0] * -1, r[1])
            let normal = cross(a, b)
            let sine = norm(normal)
            let angle = atan2(sine, dot(a, b))
            // Derivatives across the arms, in their plane; none where the arms are in a line.
            guard sine > 1e-12 * norm(a) * norm(b) else { return (angle, r, [.zero, .zero]) }
            let unit = normal * (1 / sine)
            let (da, db) = (cross(a, unit) * (1 / dot(a, a)), cross(unit, b) * (1 / dot(b, b)))
            return (angle, r, [da * -1, db])
        case .dihedral:
            // Blondel and Karplus, J. Comput. Chem. 17, 1132 (1996), without its singularities.
            let (f, g, h) = (r[0] * -1, r[1] * -1, r[2])
            let (a, b) = (cross(f, g), cross(h, g))
            let length = norm(g)
            let angle = atan2(dot(cross(b, a), g) / length, dot(a, b))
            let (aa, bb) = (dot(a, a), dot(b, b))
            guard aa > 0, bb > 0 else { return (angle, r, [.zero, .zero, .zero]) }
            let df = a * (-length / aa)
            let dh = b * (length / bb)
            let dg = a * (dot(f, g) / (aa * length)) - b * (dot(h, g) / (bb * length))
            return (angle, r, [df * -1, dg * -1, dh])
        }
    }
}
