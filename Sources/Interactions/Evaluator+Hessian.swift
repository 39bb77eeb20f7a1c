import Atoms
import Neighbors

/// How second derivatives of the energy are found.
public enum HessianMethod: String, Sendable, CaseIterable, Codable {
    /// By the interaction itself.
    case analytic
    /// From forces at displacements of ±h and ±2h along the direction, which errs by h⁴.
    case differences
}

extension Evaluator {
    /// What second derivatives of a structure are found by unless something is asked for.
    public func hessianMethod(for structure: Structure) throws -> HessianMethod {
        let configuration = try Configuration(structure, cutoff: interaction.cutoff, parallelism: parallelism)
        return try interaction.hessian(of: configuration, times: []) == nil ? .differences : .analytic
    }

    /// The Hessian of the energy of a structure times each of the directions, `[direction][atom]` in eV/Å.
    ///
    /// - Parameters:
    ///   - directions: `[direction][atom]` in Å.
    ///   - method: the interaction's own unless it has none, if not given.
    ///   - step: h of differences, in lengths of the direction.
    ///   - progress: called with the number of directions done.
    /// - Throws: what evaluating throws; `InteractionError` where an interaction has no derivatives of its own and they
    ///   are asked for.
    public func hessian(
        of structure: Structure, times directions: [[SIMD3<Double>]], method: HessianMethod? = nil,
        step: Double = 1e-3, progress: (Int) -> Void = { _ in }
    ) throws -> (products: [[SIMD3<Double>]], method: HessianMethod) {
        try interaction.check(elements: structure.elements)
        let configuration = try Configuration(structure, cutoff: interaction.cutoff, parallelism: parallelism)
        if method != .differences, try interaction.hessian(of: configuration, times: []) != nil {
            var products: [[SIMD3<Double>]] = []
            let stride = 12
            for first in Swift.stride(from: 0, to: directions.count, by: stride) {
                let part = Array(directions[first..<min(first + stride, directions.count)])
                products += try interaction.hessian(of: configuration, times: part) ?? []
                progress(products.count)
            }
            return (products, .analytic)
        }
        guard method != .analytic else {
            throw InteractionError(
                .notPredicted,
                "This potential has no second derivatives of its own; ask for differences of forces instead.")
        }
        var products: [[SIMD3<Double>]] = []
        for direction in directions {
            let moved = [-2.0, -1, 1, 2].map { factor in
                var moved = structure
                for atom in moved.positions.indices { moved.positions[atom] += direction[atom] * (factor * step) }
                return moved
            }
            let forces = try evaluate(moved).map(\.forces)
            products.append(
                structure.positions.indices.map { atom in
                    let (near, far) = (forces[1][atom] - forces[2][atom], forces[0][atom] - forces[3][atom])
                    return (near * 8 - far) / (12 * step)
                })
            progress(products.count)
        }
        return (products, .differences)
    }

    /// How energy flows between atoms at these positions (Å) and velocities (Å/fs), by the list of neighbours that
    /// forces have; `nil` where the interaction does not know.
    public func energyFlow(
        elements: [Element], positions: [SIMD3<Double>], cell: Cell?, velocities: [SIMD3<Double>]
    ) throws -> EnergyFlow? {
        try updateNeighbors(positions: positions, cell: cell)
        let configuration = Configuration(
            elements: elements, positions: positions, cell: cell, edges: neighbors.edges)
        return try interaction.energyFlow(of: configuration, velocities: velocities)
    }
}
