import Atoms
import Files
import Foundation

/// What is remembered of forces.
struct ForceFacts {
    /// eV/Å and atom: what DFT codes leave at usual settings.
    static let largestNetForce = 0.002

    /// Structures with forces that are no labels, and the atoms.
    private(set) var masked = (structures: Tally(), atoms: 0)
    /// Structures whose forces are all zero: as symmetry makes them, or although it does not; and with such atoms.
    private(set) var (zero, suspicious) = (Tally(), Tally())
    private(set) var fixed = (structures: Tally(), atoms: 0)
    /// Structures with forces beyond those of any structure that is of use.
    private(set) var huge = Tally()
    /// eV/Å
    static let hugeForce = 100.0

    /// `[structure]` — |Σ F| for each atom, eV/Å; negative without forces.
    private(set) var net: [Double] = []
    /// `[structure]` — the root mean square of forces, eV/Å.
    private(set) var size: [Double] = []
    /// Molecules that are turned.
    private(set) var (turning, worstTorque) = (Tally(), Worst())

    mutating func add(_ seen: Observation) {
        let structure = seen.structure
        if seen.isMasked {
            masked.structures.add(seen.index)
            masked.atoms += structure.forceWeights!.count { $0.min() == 0 }
        }
        switch ZeroForces(structure, seen.edges) {
        case .none: break
        case .all: zero.add(seen.index)
        case .allWithoutSymmetry: suspicious.add(seen.index)
        case .some(let count):
            fixed.structures.add(seen.index)
            fixed.atoms += count
        }
        guard let forces = structure.forces else {
            net.append(-1)
            size.append(0)
            return
        }
        if forces.contains(where: { norm($0) > Self.hugeForce }) { huge.add(seen.index) }
        let isWhole = structure.count > 1 && !seen.isMasked
        let rms = (forces.reduce(0) { $0 + dot($1, $1) } / Double(max(1, forces.count))).squareRoot()
        net.append(isWhole ? norm(forces.reduce(.zero, +)) / Double(forces.count) : 0)
        size.append(rms)
        let torque = Self.torque(seen, forces)
        guard torque > max(Self.largestNetForce, 0.01 * rms) else { return }
        turning.add(seen.index)
        worstTorque.offer(torque, at: seen.index)
    }

    /// |Σ x × F| / Σ |x| about the centre of a structure that is alone in space; 0 of another.
    private static func torque(_ seen: Observation, _ forces: [SIMD3<Double>]) -> Double {
        guard !seen.structure.repeats, seen.structure.count > 2, !seen.isMasked else { return 0 }
        let positions = seen.structure.positions
        let centre = positions.reduce(.zero, +) / Double(positions.count)
        let torque = zip(positions, forces).reduce(SIMD3<Double>.zero) { $0 + cross($1.0 - centre, $1.1) }
        let arms = positions.reduce(0) { $0 + norm($1 - centre) }
        return arms > 0 ? norm(torque) / arms : 0
    }
}

/// Forces that are none, and sums of forces that cannot be.
extension DataCheck {
    // MARK: Zeros

    /// Forces of exactly zero where symmetry does not make them so: labels that were never computed, or were taken away
    /// from fixed atoms.
    func zeroForces() -> [Finding] {
        let withForces = count(of: .forces)
        let (zero, suspicious) = (forceFacts.zero, forceFacts.suspicious)
        let (fixed, masked) = (forceFacts.fixed, forceFacts.masked)
        var findings: [Finding] = []
        if !masked.structures.isEmpty {
            findings.append(
                finding(
                    .notice, "forces",
                    "\(Plural.count(masked.atoms, "atom")) in \(Plural.count(masked.structures.count, "structure")) are fixed (move_mask), or their forces have the weight 0: those forces are masked in a training",
                    at: masked.structures))
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
        if !fixed.structures.isEmpty {
            let masks = columns.filter { ["constraints", "fixed", "mask"].contains($0.lowercased()) }
            let column = masks.first.map { " (there is a column \($0))" } ?? ""
            findings.append(
                finding(
                    2 * fixed.structures.count > withForces ? .error : .warning, "forces",
                    "\(Plural.count(fixed.atoms, "atom")) in \(Plural.count(fixed.structures.count, "structure")) have forces of exactly zero, although no symmetry makes them so: a constraint was applied to the labels\(column); write the forces without it, as ASE does by get_forces(apply_constraint=False), or a column move_mask, which masks them",
                    at: fixed.structures))
        }
        return findings
    }

    // MARK: Sums

    /// What grids leave scatters: in 280 cells of 192 atoms of water by up to 2.8 times its median.
    private static let widestScatter = 4.0

    /// Forces on all atoms add up to nothing, and turn nothing that is alone in space.
    func forceSums() -> [Finding] {
        var findings: [Finding] = []
        let (net, limit) = (forceFacts.net, ForceFacts.largestNetForce)
        let usual = Self.median(net.filter { $0 >= 0 })
        // Where it is too much in most structures, it is no scatter.
        let scatter = usual < limit ? Self.widestScatter * usual : 0
        let unbalanced = samples.indices.filter { net[$0] > max(limit, scatter, 1e-3 * forceFacts.size[$0]) }
        if let worst = unbalanced.max(by: { net[$0] < net[$1] }) {
            let share = Double(unbalanced.count) / Double(max(1, count(of: .forces)))
            findings.append(
                finding(
                    share > 0.5 && net[worst] > 0.05 ? .error : .warning, "force sums",
                    "forces that do not add up to zero in \(Plural.count(unbalanced.count, "structure")), by up to \(format(net[worst])) eV/Å for each atom (\(place(of: worst))): was an atom or a column lost, or an external field on?",
                    at: unbalanced))
        }
        if let worst = forceFacts.worstTorque.index {
            let turning = forceFacts.turning
            findings.append(
                finding(
                    .warning, "torques",
                    "forces that turn a molecule as a whole in \(Plural.count(turning.count, "structure")) (worst \(place(of: worst))): positions and forces may be in different orientations, or their atoms in different orders",
                    at: turning))
        }
        return findings
    }
}
