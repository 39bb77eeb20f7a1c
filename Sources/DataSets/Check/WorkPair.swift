import Atoms

/// Two structures of the same atoms that differ little, and what forces and stresses say of their energies' difference:
///
///     E_b − E_a ≈ −½ Σ_i (F_a,i + F_b,i) · Δx_i + ½ (V_a σ_a + V_b σ_b) : ε
///
/// with the displacements Δx at fixed fractional coordinates of the cell, and the strain ε between the cells.
struct WorkPair: Sendable {
    /// Numbers of the structures.
    let first, second: Int
    let atoms: Int
    /// E_b − E_a, eV per atom, as the other energies here.
    let energy: Double
    /// The work of the forces; `nil` where atoms are displaced and a structure has no forces.
    let forceWork: Double?
    /// ½ Σ |F_a + F_b| |Δx|: what the work would be if nothing cancelled.
    let grossForceWork: Double
    /// The work of the stresses, 0 at one cell; `nil` where the cell changes and a structure has no stress.
    let stressWork: Double?
    let isStrained: Bool
    /// −ΔF · Δx / |Δx|², eV/Å²: how fast forces rise when atoms are displaced; `nil` where none is or forces lack.
    let stiffness: Double?

    /// Å: how far atoms may be displaced between structures that are compared, and how much a cell may be strained.
    private static let largestDisplacement = 0.35
    private static let largestStrain = 0.06
    /// Å: below this nothing is displaced; the forces' work is then below what energies are printed with.
    private static let smallestDisplacement = 1e-4

    /// `nil` where the two are not similar enough.
    ///
    /// - Parameter energies: of both, eV.
    init?(_ a: Structure, _ b: Structure, energies: (Double, Double), numbers: (Int, Int)) {
        guard (a.cell == nil) == (b.cell == nil), a.cell?.isPeriodic == b.cell?.isPeriodic else { return nil }
        var displacements = zip(a.positions, b.positions).map { $1 - $0 }
        var (stressWork, isStrained): (Double?, Bool) = (0, false)
        if let first = a.cell, let second = b.cell {
            // Rows are vectors, so a strained cell is the cell times the deformation.
            let deformation = first.vectors.inverse * second.vectors
            let strain = (deformation + deformation.transposed) * 0.5 - .identity
            guard strain.elements.allSatisfy({ abs($0) < Self.largestStrain }),
                (deformation - deformation.transposed).elements.allSatisfy({ abs($0) < 2 * Self.largestStrain })
            else { return nil }
            let mean = (first.vectors + second.vectors) * 0.5
            let (toFirst, toSecond) = (first.vectors.inverse, second.vectors.inverse)
            displacements = zip(a.positions, b.positions).map { p, q in
                var difference = q * toSecond - p * toFirst
                for axis in 0..<3 where first.repeats(along: axis) { difference[axis] -= difference[axis].rounded() }
                return difference * mean
            }
            if strain.elements.contains(where: { abs($0) > 1e-5 }) {
                isStrained = true
                stressWork = a.labelledStress.flatMap { s in
                    b.labelledStress.map { t in
                        let w = s * (first.volume / 2) + t * (second.volume / 2)
                        return zip(w.elements, strain.elements).reduce(0) { $0 + $1.0 * $1.1 }
                    }
                }
            }
        }
        // The whole may have drifted.
        let drift = displacements.reduce(.zero, +) / Double(displacements.count)
        displacements = displacements.map { $0 - drift }
        guard displacements.allSatisfy({ norm($0) < Self.largestDisplacement }) else { return nil }
        let isDisplaced = displacements.contains { norm($0) > Self.smallestDisplacement }
        let perAtom = 1 / Double(a.count)
        self.isStrained = isStrained
        self.stressWork = stressWork.map { $0 * perAtom }
        (first, second) = numbers
        atoms = a.count
        energy = (energies.1 - energies.0) * perAtom
        guard isDisplaced else {
            (forceWork, grossForceWork, stiffness) = (0, 0, nil)
            return
        }
        // A force that is masked does unknown work.
        let isKnown = displacements.indices.allSatisfy { atom in
            norm(displacements[atom]) <= Self.smallestDisplacement
                || (a.forceWeights?[atom].min() ?? 1) > 0 && (b.forceWeights?[atom].min() ?? 1) > 0
        }
        guard isKnown, let f = a.forces, let g = b.forces else {
            (forceWork, grossForceWork, stiffness) = (nil, 0, nil)
            return
        }
        var (work, gross, rise, square) = (0.0, 0.0, 0.0, 0.0)
        for (atom, displacement) in displacements.enumerated() {
            let mean = (f[atom] + g[atom]) / 2
            work -= dot(mean, displacement)
            gross += norm(mean) * norm(displacement)
            rise -= dot(g[atom] - f[atom], displacement)
            square += dot(displacement, displacement)
        }
        (forceWork, grossForceWork, stiffness) = (work * perAtom, gross * perAtom, rise / square)
    }
}
