import Atoms

/// The motion of all atoms as one body: what is taken out before a run, so that only internal motion counts.
extension Motion {
    public var centreOfMass: SIMD3<Double> {
        var sum = SIMD3<Double>.zero
        for i in 0..<count { sum += positions[i] * masses[i] }
        return sum * (1 / masses.reduce(0, +))
    }

    public mutating func removeMomentum() {
        guard count > 0 else { return }
        let drift = momentum * (1 / masses.reduce(0, +))
        for i in 0..<count { velocities[i] -= drift }
    }

    /// Σ m (x − centre) × v, amu·Å²/fs.
    public var angularMomentum: SIMD3<Double> {
        let centre = count > 0 ? centreOfMass : .zero
        var sum = SIMD3<Double>.zero
        for i in 0..<count { sum += cross(positions[i] - centre, velocities[i]) * masses[i] }
        return sum
    }

    /// Takes out the rotation ω about the centre of mass: I ω = L, v −= ω × (x − centre). Meant for open systems,
    /// because nothing rotates through periodic boundaries.
    public mutating func removeRotation() {
        let (tensor, rank) = inertia
        guard rank > 0 else { return }
        let centre = centreOfMass
        let rotation = angularMomentum * tensor.inverse
        for i in 0..<count { velocities[i] -= cross(rotation, positions[i] - centre) }
    }

    /// 3N, less what is fixed, what bonds and rigid bodies take away, and three for a centre of mass at rest and up to
    /// three for a rotation at rest. What draws velocities and what measures their temperature ask here. Where atoms
    /// are held in space neither is at rest.
    public func degreesOfFreedom(centreIsAtRest: Bool, rotationIsAtRest: Bool) -> Int {
        let free = freeAxes - constraints.count
        guard !exchangesMomentum else { return max(0, free) }
        return max(0, free - (centreIsAtRest ? 3 : 0) - (rotationIsAtRest ? rotationalDegreesOfFreedom : 0))
    }

    /// 3 for a body, 2 for atoms in a line, 0 for a single atom.
    public var rotationalDegreesOfFreedom: Int { inertia.rank }

    /// I = Σ m (r² 1 − r ⊗ r), and how many of its axes have any inertia. Atoms in a line get some about the line,
    /// where their angular momentum is zero, so that the tensor can be inverted.
    private var inertia: (tensor: Matrix3, rank: Int) {
        guard count > 1 else { return (.identity, 0) }
        let centre = centreOfMass
        var tensor = Matrix3.zero
        var farthest = SIMD3<Double>.zero
        for i in 0..<count {
            let r = positions[i] - centre
            tensor += (Matrix3.identity * dot(r, r) - Matrix3.outer(r, r)) * masses[i]
            if dot(r, r) > dot(farthest, farthest) { farthest = r }
        }
        let mean = tensor.trace / 3
        guard mean > 0 else { return (.identity, 0) }
        // A line to 10⁻⁵ of its length: there the smallest moment is 10⁻¹⁰ of the others.
        guard tensor.determinant < 1e-10 * mean * mean * mean else { return (tensor, 3) }
        let axis = farthest * (1 / norm(farthest))
        return (tensor + Matrix3.outer(axis, axis) * mean, 2)
    }
}
