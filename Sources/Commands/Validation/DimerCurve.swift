import Atoms
import Foundation
import Interactions
import Potentials

/// The energy of two atoms in free space against their distance, and what a person would look for in it.
struct DimerCurve: Encodable {
    /// Å, ascending.
    let distances: [Double]
    /// Over the atoms apart, eV.
    let energies: [Double]
    /// Along the line between them, eV/Å; positive where they push each other apart.
    let forces: [Double]
    let elements: [String]
    /// Å, below which the training data have nothing.
    let shortest: Double
    /// Whether that is assumed, because the data have no such pair.
    let isAssumed: Bool
    /// Of the deepest place.
    private(set) var wellDistance: Double?
    private(set) var wellDepth: Double?
    /// Minima and maxima beyond `shortest` that differ by more than `bump` from their neighbours.
    private(set) var wells = 0
    /// How far the energy rises below `shortest` before the atoms attract each other, or as far as was looked, eV.
    private(set) var wall = 0.0
    /// Å, where they begin to attract each other again; none where they never do.
    private(set) var holeAt: Double?
    /// The largest jump of the force between two distances in units of the force around it.
    private(set) var roughness = 0.0
    /// The largest difference of energies that the forces do not explain, eV.
    private(set) var inconsistency = 0.0

    /// Å
    private static let spacing = 0.01
    /// Of `shortest`, how far inside it is looked.
    private static let inside = 0.5
    /// eV
    private static let bump = 0.02

    /// - Throws: where the potential has no finite energy.
    init(_ a: Element, _ b: Element, _ potential: Potential, _ evaluator: Evaluator) throws {
        var limits = potential.minimumDistances
        limits.assumeLimits(for: [a, b])
        elements = [a.symbol, b.symbol]
        shortest = limits[a, b]
        isAssumed = limits.isAssumed(a, b)
        let cutoff = evaluator.interaction.cutoff
        let first = Self.inside * shortest
        let count = max(20, Int((cutoff + 0.1 - first) / Self.spacing))
        let distances = (0...count).map { first + Double($0) * Self.spacing }
        func dimer(_ r: Double) -> Structure {
            Structure(elements: [a, b], positions: [.zero, SIMD3(r, 0, 0)])
        }
        let results = try evaluator.evaluate(distances.map(dimer) + [dimer(cutoff + 10)])
        let apart = results[count + 1].energy
        self.distances = distances
        energies = results.dropLast().map { $0.energy - apart }
        forces = results.dropLast().map { 0.5 * ($0.forces[1].x - $0.forces[0].x) }
        examine()
    }

    private mutating func examine() {
        let last = distances.count - 1
        let known = distances.firstIndex { $0 >= shortest } ?? last
        if let deepest = (known...last).min(by: { energies[$0] < energies[$1] }), energies[deepest] < -Self.bump {
            (wellDistance, wellDepth) = (distances[deepest], -energies[deepest])
        }
        wells = Self.minima(Array(energies[known...]), deeperThan: Self.bump)
        wall = 0
        for k in stride(from: known, through: 0, by: -1) {
            wall = max(wall, energies[k] - energies[known])
            if k < known, forces[k] <= 0 {
                holeAt = distances[k]
                break
            }
        }
        // Near the shortest distances it is steeper than anything that matters; look where atoms go.
        for k in 1..<last where distances[k] > 0.8 * shortest {
            let around = (max(0, k - 5)...min(last, k + 5)).map { abs(forces[$0]) }.max() ?? 0
            let jump = abs(forces[k + 1] - 2 * forces[k] + forces[k - 1])
            roughness = max(roughness, jump / (around + 0.1))
            let simpson = Self.spacing / 3 * (forces[k - 1] + 4 * forces[k] + forces[k + 1])
            inconsistency = max(inconsistency, abs(energies[k + 1] - energies[k - 1] + simpson))
        }
    }

    /// How many minima are lower than what lies on both sides by more than so much.
    private static func minima(_ values: [Double], deeperThan depth: Double) -> Int {
        guard var low = values.first, var high = values.first else { return 0 }
        var (count, isFalling) = (0, true)
        for value in values {
            if isFalling {
                low = min(low, value)
                if value > low + depth {
                    count += 1
                    isFalling = false
                    high = value
                }
            } else {
                high = max(high, value)
                if value < high - depth {
                    isFalling = true
                    low = value
                }
            }
        }
        return count
    }

    /// eV: what holds atoms apart at all temperatures of matter.
    private static let highEnough = 2.0

    var check: ValidationCheck {
        var verdict = Verdict.pass
        var words: [String] = []
        let source = isAssumed ? "assumed, the data have no such pair" : "the shortest in the data"
        if let holeAt {
            verdict = wall < Self.highEnough ? .fail : .warn
            words.append(
                "attractive again below \(Written.fixed(holeAt, 2)) Å, behind a wall of \(Written.short(wall, 3)) eV; atoms that get there fall together (a ZBL pair potential helps)"
            )
        } else {
            words.append(
                "repulsive below \(Written.fixed(shortest, 2)) Å (\(source)), up to \(Written.short(wall, 3)) eV at \(Written.fixed(distances[0], 2)) Å"
            )
        }
        if roughness > 0.1 || inconsistency > 1e-3 {
            verdict = max(verdict, .fail)
            words.append(
                "not smooth: the force jumps by \(Written.fixed(100 * roughness, 0)) % between \(Self.spacing) Å, energies and forces differ by \(Written.scientific(inconsistency)) eV"
            )
        } else {
            words.append("smooth")
        }
        if wells > 1 {
            verdict = max(verdict, .warn)
            words.append("\(wells) minima")
        }
        if let wellDistance, let wellDepth {
            words.append("deepest at \(Written.fixed(wellDistance, 2)) Å, \(Written.short(wellDepth, 3)) eV")
        } else {
            words.append("not bound")
        }
        return ValidationCheck(
            name: "dimer \(elements.joined(separator: "-"))", verdict: verdict, summary: words.joined(separator: "; ")
        )
    }
}
