import Atoms
import Files
import Foundation

/// Forces that are none, and sums of forces that cannot be.
extension DataCheck {
    // MARK: Zeros

    /// Forces of exactly zero where symmetry does not make them so: labels that were never computed, or were taken away
    /// from fixed atoms.
    func zeroForces() -> [Finding] {
        let withForces = count(of: .forces)
        let zero = indices { $0.zeros == .all }
        let suspicious = indices { $0.zeros == .allWithoutSymmetry }
        let fixed = indices { if case .some = $0.zeros { true } else { false } }
        var findings: [Finding] = []
        let masked = indices(where: \.isMasked)
        if !masked.isEmpty {
            let atoms = masked.reduce(0) { $0 + samples[$1].structure.forceWeights!.count { $0.min() == 0 } }
            findings.append(
                finding(
                    .notice, "forces",
                    "\(Plural.count(atoms, "atom")) in \(Plural.count(masked.count, "structure")) are fixed (move_mask), or their forces have the weight 0: those forces are masked in a training",
                    at: masked))
        }
        if !suspicious.isEmpty {
            let isAll = suspicious.count + zero.count == withForces
            findings.append(
                finding(
                    isAll ? .error : .warning, "forces",
                    isAll
                        ? "all forces of all structures are exactly zero, also where no symmetry makes them so: they are no labels"
                        : "\(Plural.count(suspicious.count, "structure")) whose forces are all exactly zero, although no symmetry makes them so: were they computed?",
                    at: suspicious))
        }
        if !zero.isEmpty {
            findings.append(
                finding(
                    .notice, "forces",
                    "\(Plural.count(zero.count, "structure")) whose forces are all exactly zero, as symmetry makes them (perfect crystals)",
                    at: zero))
        }
        if !fixed.isEmpty {
            let atoms = fixed.reduce(0) { sum, index in
                if case .some(let count) = samples[index].zeros { sum + count } else { sum }
            }
            let masks = columns.filter { ["constraints", "fixed", "mask"].contains($0.lowercased()) }
            let column = masks.first.map { " (there is a column \($0))" } ?? ""
            findings.append(
                finding(
                    2 * fixed.count > withForces ? .error : .warning, "forces",
                    "\(Plural.count(atoms, "atom")) in \(Plural.count(fixed.count, "structure")) have forces of exactly zero, although no symmetry makes them so: a constraint was applied to the labels\(column); write the forces without it, as ASE does by get_forces(apply_constraint=False), or a column move_mask, which masks them",
                    at: fixed))
        }
        return findings
    }

    // MARK: Sums

    /// eV/Å and atom: what DFT codes leave at usual settings.
    private static let largestNetForce = 0.002
    /// What grids leave scatters: in 280 cells of 192 atoms of water by up to 2.8 times its median.
    private static let widestScatter = 4.0

    /// Forces on all atoms add up to nothing, and turn nothing that is alone in space.
    func forceSums() -> [Finding] {
        func rms(_ forces: [SIMD3<Double>]) -> Double {
            (forces.reduce(0) { $0 + dot($1, $1) } / Double(max(1, forces.count))).squareRoot()
        }
        var findings: [Finding] = []
        let net = samples.map { sample -> Double in
            guard sample.structure.count > 1, let forces = sample.structure.forces, !sample.isMasked else { return 0 }
            return norm(forces.reduce(.zero, +)) / Double(forces.count)
        }
        let usual = Self.median(samples.indices.filter { samples[$0].structure.forces != nil }.map { net[$0] })
        // Where it is too much in most structures, it is no scatter.
        let scatter = usual < Self.largestNetForce ? Self.widestScatter * usual : 0
        let unbalanced = samples.indices.filter { index in
            net[index] > max(Self.largestNetForce, scatter, 1e-3 * rms(samples[index].structure.forces ?? []))
        }
        if let worst = unbalanced.max(by: { net[$0] < net[$1] }) {
            let share = Double(unbalanced.count) / Double(max(1, count(of: .forces)))
            findings.append(
                finding(
                    share > 0.5 && net[worst] > 0.05 ? .error : .warning, "force sums",
                    "forces that do not add up to zero in \(Plural.count(unbalanced.count, "structure")), by up to \(format(net[worst])) eV/Å for each atom (\(samples[worst].place)): was an atom or a column lost, or an external field on?",
                    at: unbalanced))
        }
        let torques = samples.map { sample -> Double in
            guard sample.structure.cell == nil || sample.structure.cell!.isPeriodic == SIMD3(0, 0, 0),
                sample.structure.count > 2, let forces = sample.structure.forces, !sample.isMasked
            else { return 0 }
            let positions = sample.structure.positions
            let centre = positions.reduce(.zero, +) / Double(positions.count)
            let torque = zip(positions, forces).reduce(SIMD3<Double>.zero) { $0 + cross($1.0 - centre, $1.1) }
            let arms = positions.reduce(0) { $0 + norm($1 - centre) }
            return arms > 0 ? norm(torque) / arms : 0
        }
        let turning = samples.indices.filter { index in
            torques[index] > max(Self.largestNetForce, 0.01 * rms(samples[index].structure.forces ?? []))
        }
        if let worst = turning.max(by: { torques[$0] < torques[$1] }) {
            findings.append(
                finding(
                    .warning, "torques",
                    "forces that turn a molecule as a whole in \(Plural.count(turning.count, "structure")) (worst \(samples[worst].place)): positions and forces may be in different orientations, or their atoms in different orders",
                    at: turning))
        }
        return findings
    }
}
