import Atoms
import Foundation

/// Whether energies, forces and stresses belong together: between similar structures the energy changes by the work.
///
///     E_b − E_a ≈ −½ Σ_i (F_a,i + F_b,i) · Δx_i + ½ (V_a σ_a + V_b σ_b) : ε
///
/// with the displacements Δx at fixed fractional coordinates of the cell, and the strain ε between the cells. The slope
/// of energies on work is 1 where all three are right; a wrong sign or unit shows as another slope.
extension DataCheck {
    private struct Pair {
        var energy: Double
        var forceWork: Double
        var stressWork: Double
        /// Whether the cell changes, and both structures have a stress.
        var isStrained: Bool
    }

    /// The fit of energy differences on work.
    private struct Fit {
        let slope, correlation: Double
        let count: Int

        init?(_ points: [(work: Double, energy: Double)]) {
            count = points.count
            let (ww, ee, we) = points.reduce((0.0, 0.0, 0.0)) {
                ($0.0 + $1.work * $1.work, $0.1 + $1.energy * $1.energy, $0.2 + $1.work * $1.energy)
            }
            guard count >= 5, ww > 0, ee > 0 else { return nil }
            (slope, correlation) = (we / ww, we / (ww * ee).squareRoot())
        }

        /// Whether there is a relation at all; structures that are far apart have none.
        var isClear: Bool { abs(correlation) > 0.8 }
    }

    func consistency() -> [Finding] {
        let pairs = self.pairs()
        var findings: [Finding] = []
        let fixed = pairs.filter { !$0.isStrained && abs($0.forceWork) > 0 }
        let forces = Fit(fixed.map { ($0.forceWork, $0.energy) })
        if let forces, forces.isClear {
            findings.append(verdict(forces, of: "forces", check: "forces", units: Self.forceUnits))
        } else if count(of: .forces) > 0, count(of: .energy) > 0 {
            findings.append(
                finding(
                    .notice, "forces",
                    "no structures similar enough to test forces against energy differences (\(fixed.count) pairs)"))
        }
        guard count(of: .stress) > 0 else { return findings }
        // The forces' work is taken as it was found to be. The half of the pairs in which it has the smallest part says
        // most about the stress, whatever the unit of that is.
        let factor = forces.map { $0.isClear ? $0.slope : 1 } ?? 1
        let sorted = pairs.filter { $0.isStrained && $0.stressWork != 0 }
            .sorted { abs($0.forceWork / $0.stressWork) < abs($1.forceWork / $1.stressWork) }
        let strained = sorted.prefix(max(5, sorted.count / 2))
        if let stress = Fit(strained.map { ($0.stressWork, $0.energy - factor * $0.forceWork) }), stress.isClear {
            findings.append(verdict(stress, of: "stresses", check: "stress", units: Self.stressUnits))
        } else {
            findings.append(
                finding(
                    .notice, "stress",
                    "no strained cells similar enough to test sign and unit of the stress (\(strained.count) pairs)"))
        }
        return findings
    }

    /// Given in units of these, forces have this slope.
    private static let forceUnits = [
        ("Hartree/Bohr", 51.4221), ("Rydberg/Bohr", 25.7110), ("Hartree/Å", 27.2114), ("eV/Bohr", 1.88973),
        ("kcal/(mol·Å)", 1 / 23.0605), ("eV/nm", 0.1),
    ]
    private static let stressUnits = [
        ("GPa", 1 / 160.21766), ("kbar", 1 / 1602.1766), ("Hartree/Bohr³", 183.632), ("Pa", 1 / 1.6021766e11),
        ("Rydberg/Bohr³", 91.816),
    ]

    private func verdict(_ fit: Fit, of what: String, check: String, units: [(String, Double)]) -> Finding {
        let found =
            "energy differences of \(fit.count) pairs of similar structures are \(format(fit.slope)) times the work of the \(what) (correlation \(format(fit.correlation)))"
        let sign = fit.slope < 0 ? "the sign is the opposite" : nil
        // Finite differences reach a fifth; the nearest unit within that is named.
        let distance = { (unit: (String, Double)) in abs(log(abs(fit.slope) / unit.1)) }
        let nearest = units.min { distance($0) < distance($1) }.flatMap { distance($0) < 0.2 ? $0 : nil }
        let unit = nearest.map { "they look like \($0.0)" }
        if fit.slope > 0.8, fit.slope < 1.25 {
            return finding(.notice, check, "\(found): sign and unit are right")
        }
        let guess = [sign, unit].compactMap(\.self).joined(separator: ", and ")
        let hint =
            check == "stress"
            ? "stress is expected in eV/Å³, positive in tension" : "forces are expected in eV/Å, as −dE/dx"
        // Anharmonic or sparse data reach half and twice; a sign or a known unit is no accident.
        let isSure = !guess.isEmpty && abs(fit.correlation) > 0.9
        return finding(
            isSure ? .error : .warning, check, "\(found)\(guess.isEmpty ? "" : ": \(guess)"); \(hint)")
    }

    /// Å: how far atoms may be displaced between structures that are compared, and how much a cell may be strained.
    private static let largestDisplacement = 0.35
    private static let largestStrain = 0.06
    private static let largestPairCount = 4000

    /// Pairs of structures of the same atoms, each with the next ones of its file.
    private func pairs() -> [Pair] {
        var pairs: [Pair] = []
        var recent: [[Element]: [Int]] = [:]
        for (index, sample) in samples.enumerated() {
            guard pairs.count < Self.largestPairCount, sample.structure.energy != nil, sample.structure.forces != nil,
                sample.structure.count > 1
            else { continue }
            let earlier = recent[sample.structure.elements] ?? []
            for other in earlier {
                if let pair = pair(samples[other].structure, sample.structure) { pairs.append(pair) }
            }
            recent[sample.structure.elements] = earlier.suffix(11) + [index]
        }
        return pairs
    }

    private func pair(_ a: Structure, _ b: Structure) -> Pair? {
        guard (a.cell == nil) == (b.cell == nil), a.cell?.isPeriodic == b.cell?.isPeriodic else { return nil }
        var displacements = zip(a.positions, b.positions).map { $1 - $0 }
        var (stressWork, isStrained) = (0.0, false)
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
                guard let s = a.labelledStress, let t = b.labelledStress else { return nil }
                isStrained = true
                let w = s * (first.volume / 2) + t * (second.volume / 2)
                stressWork = zip(w.elements, strain.elements).reduce(0) { $0 + $1.0 * $1.1 }
            }
        }
        // The whole may have drifted.
        let drift = displacements.reduce(.zero, +) / Double(displacements.count)
        displacements = displacements.map { $0 - drift }
        guard displacements.allSatisfy({ norm($0) < Self.largestDisplacement }) else { return nil }
        let forceWork = zip(displacements, zip(a.forces!, b.forces!)).reduce(0) {
            $0 + dot($1.0, $1.1.0 + $1.1.1) / 2
        }
        return Pair(
            energy: b.energy! - a.energy!, forceWork: -forceWork, stressWork: stressWork, isStrained: isStrained)
    }
}
