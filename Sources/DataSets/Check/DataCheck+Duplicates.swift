import Atoms
import Foundation
import Neighbors

/// A few numbers that rotated, translated and renumbered copies of a structure share.
struct Fingerprint: Sendable {
    /// Elements with their numbers of atoms.
    let formula: String
    /// Sums over edges of a window of their length, by number of the window and weighted by both elements, per atom.
    let shells: [Double]
    /// Means over atoms of what neighbours, their neighbours, and theirs weigh, which tell arrangements of elements on
    /// the same lattice apart.
    let chains: [Double]

    /// Å: the width of a window.
    private static let width = 0.25

    /// - Parameter cutoff: how far the edges reach, Å.
    init(_ structure: Structure, _ edges: EdgeList, cutoff: Double) {
        formula = structure.formula
        let reach = Int(cutoff / Self.width) + 2
        var shells = [Double](repeating: 0, count: reach)
        for edge in 0..<edges.count {
            let distance = norm(SIMD3(edges.x[edge], edges.y[edge], edges.z[edge]))
            let a = Double(structure.elements[Int(edges.receivers[edge])].atomicNumber)
            let b = Double(structure.elements[Int(edges.sources[edge])].atomicNumber)
            // A linear window, so that the fingerprint changes smoothly with the positions.
            let place = distance / Self.width
            let index = Int(place)
            let share = place - Double(index)
            let weight = (a * b).squareRoot() * (1 + distance)
            if index < reach { shells[index] += weight * (1 - share) }
            if index + 1 < reach { shells[index + 1] += weight * share }
        }
        self.shells = shells.map { $0 / Double(max(1, structure.count)) }
        chains = Self.chains(structure, edges)
    }

    /// Roots of ⟨Z aₖ aₗ⟩ for the sums aₖ₊₁,ᵢ = Σ_j Z_j aₖ,ⱼ exp(−r_ij/Å) with a₀ = 1.
    private static func chains(_ structure: Structure, _ edges: EdgeList) -> [Double] {
        let charges = structure.elements.map { Double($0.atomicNumber) }
        let decay = (0..<edges.count).map { exp(-norm(SIMD3(edges.x[$0], edges.y[$0], edges.z[$0]))) }
        var sums = [[Double](repeating: 1, count: structure.count)]
        for _ in 0..<3 {
            var next = [Double](repeating: 0, count: structure.count)
            for edge in 0..<edges.count {
                let (i, j) = (Int(edges.receivers[edge]), Int(edges.sources[edge]))
                next[i] += charges[j] * sums.last![j] * decay[edge]
            }
            sums.append(next)
        }
        return (1...3).flatMap { k in
            (1...k).map { l in
                let mean = (0..<structure.count).reduce(0) { $0 + charges[$1] * sums[k][$1] * sums[l][$1] }
                return (mean / Double(structure.count)).squareRoot()
            }
        }
    }

    /// A number that near structures nearly share.
    var size: Double { shells.reduce(0, +) }

    /// The largest difference of any shell in units of the largest shell, or of any chain in its own; infinite where
    /// there is nothing to compare.
    func distance(to other: Fingerprint) -> Double {
        let size = shells.max() ?? 0
        guard size > 0 else { return .infinity }
        let shells = zip(shells, other.shells).reduce(0) { max($0, abs($1.0 - $1.1)) } / size
        return zip(chains, other.chains).reduce(shells) { max($0, abs($1.0 - $1.1) / max($1.0, 1e-30)) }
    }
}

/// Structures that are in the data more than once.
extension DataCheck {
    /// Differences of fingerprints: rounding of positions with seven digits, and displacements of about 0.005 Å.
    private static let same = 1e-6
    private static let near = 2e-3
    /// eV/atom: labels of the same structure that differ by more are of different calculations.
    private static let sameEnergy = 1e-3

    /// How many structures each is compared with at most, in very large sets of one formula.
    private static let largestWindow = 2000

    func duplicates() -> [Finding] {
        var groups: [String: [Int]] = [:]
        for (index, sample) in samples.enumerated() where sample.edges > 0 {
            groups[sample.fingerprint.formula, default: []].append(index)
        }
        var (exact, near, across, contradicting) = ([(Int, Int)](), [(Int, Int)](), [(Int, Int)](), [(Int, Int)]())
        for (_, group) in groups.sorted(by: { $0.key < $1.key }) {
            // Sorted by one number that near structures nearly share, only neighbours need be compared.
            let sorted = group.map { (index: $0, key: samples[$0].fingerprint.size) }.sorted {
                ($0.key, $0.index) < ($1.key, $1.index)
            }
            for (place, first) in sorted.enumerated() {
                for second in sorted[(place + 1)...].prefix(Self.largestWindow) {
                    let a = samples[first.index].fingerprint
                    // No shell differs by more than the sum does in a near structure.
                    if second.key - first.key > Self.near * Double(a.shells.count) * (a.shells.max() ?? 0) { break }
                    let distance = a.distance(to: samples[second.index].fingerprint)
                    guard distance < Self.near else { continue }
                    let pair = (min(first.index, second.index), max(first.index, second.index))
                    guard distance < Self.same else {
                        near.append(pair)
                        continue
                    }
                    exact.append(pair)
                    if samples[pair.0].set != samples[pair.1].set { across.append(pair) }
                    if let e = samples[pair.0].structure.energy, let f = samples[pair.1].structure.energy,
                        abs(e - f) > Self.sameEnergy * Double(samples[pair.0].structure.count)
                    {
                        contradicting.append(pair)
                    }
                }
            }
        }
        return [
            report(
                contradicting, .error,
                "the same structure with different energies: they come from different calculations; keep one level of theory"
            ),
            report(
                across, .warning,
                "structures that two files share (or training and validation): errors on the one say nothing if the other was trained on"
            ),
            report(
                exact, .notice, "structures that stand in the data more than once (turned and shifted copies count)"),
            report(near, .notice, "pairs of structures that are nearly the same"),
        ].compactMap(\.self)
    }

    private func report(_ pairs: [(Int, Int)], _ severity: Severity, _ message: String) -> Finding? {
        guard !pairs.isEmpty else { return nil }
        let places = pairs.prefix(5).map { "\(samples[$0.0].place) = \(samples[$0.1].place)" }
        return Finding(
            severity: severity, check: "duplicates",
            message: "\(message): \(pairs.count) \(pairs.count == 1 ? "pair" : "pairs")",
            places: places, count: pairs.count)
    }
}
