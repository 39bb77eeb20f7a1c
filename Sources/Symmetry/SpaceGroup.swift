import Atoms

/// The space group of a structure, with its operations in the structure's own cell: as many as the group has, times the
/// number of primitive cells in that cell.
public struct SpaceGroup: Sendable {
    /// In the International Tables, 1…230.
    public var number: Int
    /// The short Hermann–Mauguin symbol, for example `Fd-3m`.
    public var symbol: String
    public var operations: [SymmetryOperation]
    /// `[operation]`
    public var maps: [AtomMap]

    /// The centring of the lattice: P, A, C, I, F or R.
    public var centring: Character { symbol.first ?? "P" }
}

extension SpaceGroup {
    /// The vectors averaged over the group, as the forces of a symmetric structure are: v′_{g i} = R_g v_i.
    public func symmetrized(_ vectors: [SIMD3<Double>], in cell: Cell) -> [SIMD3<Double>] {
        var sums = [SIMD3<Double>](repeating: .zero, count: vectors.count)
        for (operation, map) in zip(operations, maps) {
            let transposed = operation.cartesianRotation(in: cell).transposed
            for i in vectors.indices { sums[map.images[i]] += vectors[i] * transposed }
        }
        return sums.map { $0 / Double(operations.count) }
    }

    /// A symmetric tensor averaged over the group, R T Rᵀ, as the stress of a symmetric structure is.
    public func symmetrized(_ tensor: Matrix3, in cell: Cell) -> Matrix3 {
        var sum = Matrix3.zero
        for operation in operations {
            let rotation = operation.cartesianRotation(in: cell)
            sum += rotation * tensor * rotation.transposed
        }
        return sum * (1 / Double(operations.count))
    }

    /// The structure with what was within the tolerance of the symmetry made exact: the metric of its cell and the
    /// places of its atoms are averaged over the group. The cell is strained, not turned.
    public func symmetrized(_ structure: Structure) -> Structure {
        guard let cell = structure.cell else { return structure }
        // Metric G = A Aᵀ with lattice vectors as rows; under W it is Wᵀ G W.
        let metric = cell.vectors * cell.vectors.transposed
        var mean = Matrix3.zero
        for operation in operations {
            let w = Matrix3(elements: operation.rotation.flatMap { $0.map(Double.init) })
            mean += w.transposed * metric * w
        }
        mean = mean * (1 / Double(operations.count))
        // A′ = A S with S symmetric and S² = A⁻¹ ⟨G⟩ A⁻ᵀ, which is close to one: Newton's root.
        let inverse = cell.vectors.inverse
        let square = inverse * mean * inverse.transposed
        var (root, inverseRoot) = (square, Matrix3.identity)
        for _ in 0..<20 {
            (root, inverseRoot) = (
                (root + inverseRoot.inverse) * 0.5, (inverseRoot + root.inverse) * 0.5
            )
        }
        var symmetric = structure
        let exact = cell.vectors * root
        symmetric.cell!.vectors = exact
        let fractional = structure.positions.map { $0 * inverse }
        var moved = [SIMD3<Double>](repeating: .zero, count: structure.count)
        for (operation, map) in zip(operations, maps) {
            for i in fractional.indices {
                let s = map.shifts[i]
                let image =
                    operation.rotated(fractional[i]) + operation.translation
                    - SIMD3(Double(s.x), Double(s.y), Double(s.z))
                moved[map.images[i]] += image - fractional[map.images[i]]
            }
        }
        symmetric.positions = zip(fractional, moved).map { ($0 + $1 / Double(operations.count)) * exact }
        return symmetric
    }
}
