import Atoms

extension Structure {
    /// How many atoms have forces of exactly zero while those of all do not add up to zero: what is left of labels from
    /// which a constraint on these atoms has taken the forces. Zero where nothing looks like it.
    ///
    /// A crystal's symmetry makes forces vanish too, but then their sum does: forces of a calculation add up to zero to
    /// what it was converged to, which a hundredth of their size is well above.
    var atomsWithForcesTakenAway: Int {
        guard let forces, count > 1 else { return 0 }
        let zeros = forces.count { $0 == .zero }
        guard zeros > 0, zeros < count else { return 0 }
        let sum = forces.reduce(.zero, +)
        let squares = forces.reduce(0) { $0 + dot($1, $1) }
        return dot(sum, sum) > max(1e-4 * squares * Double(count), 1e-4) ? zeros : 0
    }
}
