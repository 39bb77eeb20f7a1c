import Atoms
import Foundation
import Neighbors

/// A few numbers that rotated, translated and renumbered copies of a structure share.
struct Fingerprint: Sendable {
    /// Sums over edges of a window of their length, by number of the window and weighted by both elements, per atom.
    let shells: [Double]
    /// Means over atoms of what neighbours, their neighbours, and theirs weigh, which tell arrangements of elements on
    /// the same lattice apart.
    let chains: [Double]

    /// Å: the width of a window.
    private static let width = 0.25

    /// - Parameter cutoff: how far the edges reach, Å.
    init(_ structure: Structure, _ edges: EdgeList, cutoff: Double) {
        let reach = Self.windows(cutoff)
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

    private static func windows(_ cutoff: Double) -> Int { Int(cutoff / width) + 2 }

    /// How many numbers there are, for edges that reach so far.
    static func count(cutoff: Double) -> Int { windows(cutoff) + 6 }

    /// Shells and chains.
    var numbers: [Double] { shells + chains }

    init(numbers: ArraySlice<Double>) {
        (shells, chains) = (Array(numbers.dropLast(6)), Array(numbers.suffix(6)))
    }

    /// A number that near structures nearly share.
    var size: Double { shells.reduce(0, +) }

    /// The largest difference of any shell in units of the largest shell, or of any chain in its own; infinite where
    /// there is nothing to compare.
    func distance(to other: Fingerprint) -> Double { distance(to: other, below: .infinity) ?? .infinity }

    /// The same where it is below a limit; else nothing, as soon as that is clear.
    func distance(to other: Fingerprint, below limit: Double) -> Double? {
        let size = shells.max() ?? 0
        guard size > 0 else { return nil }
        // More than this cannot come out below the limit by rounding.
        let far = limit * size * (1 + 1e-12)
        var largest = 0.0
        for k in shells.indices {
            largest = max(largest, abs(shells[k] - other.shells[k]))
            if largest > far { return nil }
        }
        largest /= size
        for k in chains.indices { largest = max(largest, abs(chains[k] - other.chains[k]) / max(chains[k], 1e-30)) }
        return largest < limit ? largest : nil
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

    func duplicates() throws -> [Finding] {
        let groups = Dictionary(grouping: samples.indices.filter { samples[$0].flags.contains(.neighbors) }) {
            samples[$0].composition
        }
        var (exact, near, across, contradicting) = (PairTally(), PairTally(), PairTally(), PairTally())
        for (_, group) in groups.sorted(by: { compositions[$0.key].formula < compositions[$1.key].formula }) {
            // Sorted by one number that near structures nearly share, only neighbours need be compared.
            let sorted = group.sorted { (samples[$0].size, $0) < (samples[$1].size, $1) }
            // Of the structures from the first of the window on, as far as they have been asked for.
            var (window, start) = ([Fingerprint](), 0)
            func fingerprint(_ place: Int) throws -> Fingerprint {
                while start + window.count <= place {
                    let index = sorted[start + window.count]
                    window.append(Fingerprint(numbers: try fingerprints.rows(index..<index + 1)[...]))
                }
                return window[place - start]
            }
            for (place, first) in sorted.enumerated() {
                if place - start > Self.largestWindow {
                    window.removeFirst(place - start)
                    start = place
                }
                let own = try fingerprint(place)
                // No shell differs by more than the sum does in a near structure.
                let far = Self.near * Double(own.shells.count) * (own.shells.max() ?? 0)
                for other in (place + 1)..<max(min(sorted.count, place + 1 + Self.largestWindow), place + 1) {
                    let second = sorted[other]
                    if samples[second].size - samples[first].size > far { break }
                    guard let distance = own.distance(to: try fingerprint(other), below: Self.near) else { continue }
                    let pair = (min(first, second), max(first, second))
                    guard distance < Self.same else {
                        near.add(pair)
                        continue
                    }
                    exact.add(pair)
                    let (a, b) = (samples[pair.0], samples[pair.1])
                    if a.set != b.set { across.add(pair) }
                    if let e = a.knownEnergy, let f = b.knownEnergy,
                        abs(e - f) > Self.sameEnergy * Double(composition(of: pair.0).atoms)
                    {
                        contradicting.add(pair)
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

    /// Pairs of structures: how many, and the first.
    private struct PairTally {
        private(set) var (count, first) = (0, [(Int, Int)]())

        mutating func add(_ pair: (Int, Int)) {
            count += 1
            if first.count < Tally.named { first.append(pair) }
        }
    }

    private func report(_ pairs: PairTally, _ severity: Severity, _ message: String) -> Finding? {
        guard pairs.count > 0 else { return nil }
        let places = pairs.first.map { "\(place(of: $0.0)) = \(place(of: $0.1))" }
        return Finding(
            severity: severity, check: "duplicates",
            message: "\(message): \(pairs.count) \(pairs.count == 1 ? "pair" : "pairs")",
            places: places, count: pairs.count)
    }
}
