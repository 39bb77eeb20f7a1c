import Atoms
import Symmetry

/// The strains that a cell may take: an orthonormal basis of symmetric matrices, B_a : B_b = δ_ab.
struct StrainFreedom: Sendable {
    var basis: [Matrix3] = []

    static let none = StrainFreedom()

    /// Why a cell cannot change as it is asked to.
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    private init() {}

    /// - Throws: `Problem` where the cell does not repeat along the axes.
    init(_ change: RelaxationSettings.CellChange, of cell: Cell?, axes: [Bool]?, group: SpaceGroup?) throws {
        guard change != .fixed else { return }
        guard let cell, cell.isPeriodic != .zero else {
            throw Problem(description: "expected a cell that can change, found a structure that does not repeat")
        }
        // The directions that lattice vectors span.
        var plane: [SIMD3<Double>] = []
        for axis in 0..<3 where cell.repeats(along: axis) {
            var v = cell.vectors[row: axis]
            for u in plane { v -= u * dot(u, v) }
            plane.append(v / norm(v))
        }
        if let axes {
            let chosen = (0..<3).filter { axes[$0] }
            for axis in chosen {
                var unit = SIMD3<Double>()
                unit[axis] = 1
                let inside = plane.reduce(0) { $0 + dot($1, unit) * dot($1, unit) }
                guard inside > 1 - 1e-8 else {
                    throw Problem(
                        description:
                            "the cell does not repeat along \(["x", "y", "z"][axis]), so it cannot change there")
                }
            }
            plane = chosen.map { axis in
                var unit = SIMD3<Double>()
                unit[axis] = 1
                return unit
            }
        }
        let projector = plane.reduce(Matrix3.zero) { $0 + Matrix3.outer($1, $1) }
        func restricted(_ strain: Matrix3) -> Matrix3 {
            var strain = projector * strain * projector
            switch change {
            case .fixed, .full: break
            case .isotropic: strain = projector * (strain.trace / projector.trace)
            case .shape: strain = strain - projector * (strain.trace / projector.trace)
            case .diagonal: strain = Matrix3(diagonal: SIMD3(strain[0, 0], strain[1, 1], strain[2, 2]))
            }
            return group?.symmetrized(strain, in: cell) ?? strain
        }
        // What is left of the six strains, made orthonormal.
        for (i, j) in [(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)] {
            var strain = Matrix3.zero
            strain[i, j] += 0.5
            strain[j, i] += 0.5
            strain = restricted(strain)
            for _ in 0..<2 { for other in basis { strain = strain - other * strain.contracted(with: other) } }
            let length = strain.contracted(with: strain).squareRoot()
            if length > 1e-6 { basis.append(strain * (1 / length)) }
        }
    }

    var count: Int { basis.count }

    /// The components of a tensor along the basis.
    func components(of tensor: Matrix3) -> [Double] { basis.map { $0.contracted(with: tensor) } }

    func strain(_ components: some Sequence<Double>) -> Matrix3 {
        zip(basis, components).reduce(.zero) { $0 + $1.0 * $1.1 }
    }
}

extension Matrix3 {
    /// A : B
    func contracted(with other: Matrix3) -> Double {
        dot(rows.0, other.rows.0) + dot(rows.1, other.rows.1) + dot(rows.2, other.rows.2)
    }

    var largestComponent: Double { elements.reduce(0) { max($0, abs($1)) } }

    /// eᴹ, by squaring the series of M / 2ˢ, whose norm is below 1/8: 1e-16 relative after ten terms.
    var exponential: Matrix3 {
        var (scaled, squarings) = (self, 0)
        while scaled.contracted(with: scaled) > 1.0 / 64 {
            scaled = scaled * 0.5
            squarings += 1
        }
        var (sum, term) = (Matrix3.identity, Matrix3.identity)
        for k in 1...11 {
            term = term * scaled * (1 / Double(k))
            sum += term
        }
        for _ in 0..<squarings { sum = sum * sum }
        return sum
    }
}
