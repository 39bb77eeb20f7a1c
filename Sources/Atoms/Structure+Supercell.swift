extension Structure {
    /// This structure repeated `a`, `b` and `c` times along its lattice vectors, copy after copy: atom `i` of a copy
    /// stands at `copy · count + i`. Extensive labels grow with it, stress stays.
    ///
    /// - Precondition: the structure has a cell, and it repeats along every vector that is multiplied.
    public func repeated(_ a: Int, _ b: Int, _ c: Int) -> Structure {
        precondition(a >= 1 && b >= 1 && c >= 1, "expected at least one copy along each vector, got \(a) \(b) \(c)")
        guard (a, b, c) != (1, 1, 1) else { return self }
        guard let cell else { preconditionFailure("a structure without a cell cannot be repeated") }
        for (axis, copies) in [a, b, c].enumerated() {
            precondition(
                copies == 1 || cell.repeats(along: axis), "the cell does not repeat along vector \(axis + 1)")
        }
        let copies = a * b * c
        let (u, v, w) = cell.vectors.rows
        var big = self
        big.cell!.vectors = Matrix3(u * Double(a), v * Double(b), w * Double(c))
        big.elements = (0..<copies).flatMap { _ in elements }
        big.positions.removeAll(keepingCapacity: false)
        big.positions.reserveCapacity(copies * count)
        for i in 0..<a {
            for j in 0..<b {
                for k in 0..<c {
                    let shift = u * Double(i) + v * Double(j) + w * Double(k)
                    big.positions.append(contentsOf: positions.map { $0 + shift })
                }
            }
        }
        big.energy = energy.map { $0 * Double(copies) }
        big.forces = forces.map { forces in (0..<copies).flatMap { _ in forces } }
        big.velocities = velocities.map { velocities in (0..<copies).flatMap { _ in velocities } }
        big.masses = masses.map { masses in (0..<copies).flatMap { _ in masses } }
        big.moveMask = moveMask.map { mask in (0..<copies).flatMap { _ in mask } }
        return big
    }
}
