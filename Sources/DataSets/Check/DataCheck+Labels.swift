import Atoms
import Foundation
import StructureFiles

/// Labels one by one: whether they are there, their size, their sums.
extension DataCheck {
    /// How many structures carry a label.
    public func count(of label: Label) -> Int { samples.count { $0.structure.carries(label) } }

    func labels() -> [Finding] {
        var findings: [Finding] = []
        for label in [Label.energy, .forces] {
            let without = indices { !$0.structure.carries(label) }
            guard !without.isEmpty else { continue }
            findings.append(
                without.count == samples.count
                    ? finding(
                        .error, "labels",
                        "no structure has \(label); name its key with --\(label == .energy ? "energy" : "forces")-key"
                    )
                    : finding(.notice, "labels", "\(without.count) structures without \(label)", at: without))
        }
        let zero = indices { sample in
            sample.structure.count > 1 && sample.structure.forces.map { $0.allSatisfy { $0 == .zero } } ?? false
        }
        let withForces = count(of: .forces)
        if !zero.isEmpty {
            // In a perfect crystal all forces vanish by symmetry.
            findings.append(
                zero.count == withForces
                    ? finding(
                        .error, "forces", "all forces of all structures are exactly zero: they are no labels",
                        at: zero)
                    : finding(
                        .notice, "forces",
                        "\(zero.count) structures whose forces are all exactly zero (perfect crystals?)",
                        at: zero))
        }
        let energies = samples.compactMap(\.structure.energy)
        if energies.count > 1, Set(energies).count == 1 {
            findings.append(
                finding(.error, "energy", "all structures have the same energy, \(energies[0]) eV: it is no label"))
        }
        let skew = indices { sample in
            sample.structure.stress.map { s in
                let largest = s.elements.map { abs($0) }.max()!
                return largest > 0 && (s - s.transposed).elements.contains { abs($0) > 1e-3 * largest }
            } ?? false
        }
        if !skew.isEmpty {
            findings.append(
                finding(
                    .warning, "stress", "stresses that are not symmetric; only the symmetric part can be learned",
                    at: skew))
        }
        let open = indices { $0.structure.stress != nil && !($0.structure.cell?.isFullyPeriodic ?? false) }
        if !open.isEmpty {
            findings.append(
                finding(
                    .notice, "stress",
                    "\(open.count) stresses of structures that do not repeat in all directions are not used", at: open
                ))
        }
        return findings
    }

    /// eV/Å and atom: what DFT codes leave at usual settings.
    private static let largestNetForce = 0.002

    /// Forces on all atoms add up to nothing, and turn nothing that is alone in space.
    func forceSums() -> [Finding] {
        func rms(_ forces: [SIMD3<Double>]) -> Double {
            (forces.reduce(0) { $0 + dot($1, $1) } / Double(max(1, forces.count))).squareRoot()
        }
        var findings: [Finding] = []
        let net = samples.map { sample -> Double in
            guard sample.structure.count > 1, let forces = sample.structure.forces else { return 0 }
            return norm(forces.reduce(.zero, +)) / Double(forces.count)
        }
        let unbalanced = samples.indices.filter { index in
            net[index] > max(Self.largestNetForce, 1e-3 * rms(samples[index].structure.forces ?? []))
        }
        if let worst = unbalanced.max(by: { net[$0] < net[$1] }) {
            let share = Double(unbalanced.count) / Double(max(1, count(of: .forces)))
            findings.append(
                finding(
                    share > 0.5 && net[worst] > 0.05 ? .error : .warning, "force sums",
                    "forces that do not add up to zero in \(unbalanced.count) structures, by up to \(format(net[worst])) eV/Å for each atom (\(samples[worst].place)): was an atom or a column lost, or an external field on?",
                    at: unbalanced))
        }
        let torques = samples.map { sample -> Double in
            guard sample.structure.cell == nil || sample.structure.cell!.isPeriodic == SIMD3(0, 0, 0),
                sample.structure.count > 2, let forces = sample.structure.forces
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
                    "forces that turn a molecule as a whole in \(turning.count) structures (worst \(samples[worst].place)): positions and forces may be in different orientations, or their atoms in different orders",
                    at: turning))
        }
        return findings
    }

    // MARK: Outliers

    /// In units of the median deviation times 1.48, which for a normal distribution is its standard deviation.
    private static let farOut = 12.0
    /// eV/Å; beyond the forces of any structure that is of use.
    private static let hugeForce = 100.0

    func outliers() -> [Finding] {
        var findings: [Finding] = []
        let labelled = indices { $0.structure.energy != nil }
        let elements = DataStatistics.elements(of: samples.lazy.map(\.structure))
        if labelled.count > 10,
            let fit = try? DataStatistics.isolatedAtomEnergies(
                labelled.map { samples[$0].structure }, elements: elements)
        {
            let shift = Dictionary(uniqueKeysWithValues: zip(elements, fit.energies))
            let rests = labelled.map { index in
                let structure = samples[index].structure
                return (structure.energy! - structure.elements.reduce(0) { $0 + shift[$1]! })
                    / Double(structure.count)
            }
            let centre = Self.median(rests)
            let spread = 1.4826 * Self.median(rests.map { abs($0 - centre) })
            let far = zip(labelled, rests).filter {
                spread > 0 && abs($1 - centre) > Self.farOut * spread && samples[$0].edges > 0
            }
            if let worst = far.max(by: { abs($0.1 - centre) < abs($1.1 - centre) }) {
                findings.append(
                    finding(
                        .warning, "outliers",
                        "energies far from all others in \(far.count) structures: \(samples[worst.0].place) by \(format(worst.1 - centre)) eV/atom, where half of all lie within \(format(spread / 1.4826)) eV/atom",
                        at: far.map(\.0)))
            }
        }
        let huge = indices { $0.structure.forces?.contains { norm($0) > Self.hugeForce } ?? false }
        if !huge.isEmpty {
            findings.append(
                finding(
                    .warning, "outliers",
                    "forces above \(Self.hugeForce) eV/Å: such structures teach little but overlap; consider leaving them out, or pair_potential: ZBL",
                    at: huge))
        }
        return findings
    }

    static func median(_ numbers: [Double]) -> Double {
        guard !numbers.isEmpty else { return 0 }
        let sorted = numbers.sorted()
        let half = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[half - 1] + sorted[half]) / 2 : sorted[half]
    }
}
