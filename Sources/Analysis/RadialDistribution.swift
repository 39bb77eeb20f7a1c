import Atoms
import Compute
import Foundation
import Neighbors

/// How often atoms of one element are found at a distance from another, g_ab(r) = V n_ab(r) / (N_a N_b 4π r² dr),
/// averaged over frames: n_ab counts ordered pairs, an atom itself not, its images too.
public struct RadialDistribution: Sendable {
    /// Å
    public let cutoff: Double
    public let bins: Int
    /// Elements a ≤ b of `counts`.
    public let pairs: [(a: Element, b: Element)]
    /// `[pair][bin]`, of pairs per frame over N_a N_b / V.
    private var histogram: [[Double]]
    /// The mean of N_b / V, `[pair]`.
    private var density: [Double]
    private var placeOfPair: [Int: Int] = [:]
    private let numbers: [Element: Int]
    public private(set) var frames = 0

    public init(of elements: [Element], cutoff: Double, bins: Int) {
        precondition(cutoff > 0 && bins > 0, "expected a cutoff and bins, got \(cutoff) Å and \(bins)")
        self.cutoff = cutoff
        self.bins = bins
        numbers = Dictionary(grouping: elements, by: \.self).mapValues(\.count)
        let kinds = numbers.keys.sorted()
        var pairs: [(a: Element, b: Element)] = []
        for (index, a) in kinds.enumerated() {
            for b in kinds[index...] {
                placeOfPair[a.atomicNumber << 8 | b.atomicNumber] = pairs.count
                pairs.append((a, b))
            }
        }
        self.pairs = pairs
        histogram = Array(repeating: Array(repeating: 0, count: bins), count: pairs.count)
        density = Array(repeating: 0, count: pairs.count)
    }

    /// - Throws: `NeighborError` for positions that are no places.
    public mutating func add(_ structure: Structure, parallelism: Parallelism) throws {
        guard let cell = structure.cell else { preconditionFailure("expected a cell, got an open structure") }
        let edges = try EdgeList(
            positions: structure.positions, cell: cell, cutoffs: Cutoffs(cutoff), parallelism: parallelism)
        frames += 1
        let volume = cell.volume
        let weights = pairs.map { volume / (Double(numbers[$0.a]!) * Double(numbers[$0.b]!)) }
        for (k, pair) in pairs.enumerated() { density[k] += Double(numbers[pair.b]!) / volume }
        for e in 0..<edges.count {
            let (a, b) = (structure.elements[Int(edges.receivers[e])], structure.elements[Int(edges.sources[e])])
            // Of unlike pairs one direction.
            guard let place = placeOfPair[a.atomicNumber << 8 | b.atomicNumber] else { continue }
            let r = norm(SIMD3(edges.x[e], edges.y[e], edges.z[e]))
            let bin = Int(r / cutoff * Double(bins))
            if bin < bins { histogram[place][bin] += weights[place] }
        }
    }

    /// Middles of the bins, Å.
    public var distances: [Double] { (0..<bins).map { (Double($0) + 0.5) * cutoff / Double(bins) } }

    private func shell(_ bin: Int) -> Double {
        let width = cutoff / Double(bins)
        let (inner, outer) = (Double(bin) * width, Double(bin + 1) * width)
        return 4.0 / 3 * .pi * (outer * outer * outer - inner * inner * inner)
    }

    /// `[bin]`
    public func values(_ pair: Int) -> [Double] {
        histogram[pair].enumerated().map { $0.element / (Double(max(1, frames)) * shell($0.offset)) }
    }

    /// Atoms b around an atom a up to the end of each bin.
    public func coordination(_ pair: Int) -> [Double] {
        let mean = density[pair] / Double(max(1, frames))
        var sum = 0.0
        return values(pair).enumerated().map {
            sum += $0.element * shell($0.offset) * mean
            return sum
        }
    }

    /// The first maximum that is a peak, and the first minimum behind it: distances in Å. nil where there are none.
    public func firstShell(_ pair: Int) -> (peak: Double, minimum: Double, coordination: Double)? {
        // Means over five bins, so that noise has no peaks.
        let raw = values(pair)
        let g = raw.indices.map { k in
            let range = max(0, k - 2)...min(bins - 1, k + 2)
            return range.reduce(0) { $0 + raw[$1] } / Double(range.count)
        }
        guard let highest = g.max(), highest > 0, let start = g.firstIndex(where: { $0 > 0.5 * highest }) else {
            return nil
        }
        var peak = start
        while peak + 1 < bins, g[peak + 1] >= g[peak] { peak += 1 }
        var minimum = peak
        var lowest = g[peak]
        for k in peak..<bins {
            if g[k] < lowest { (lowest, minimum) = (g[k], k) }
            if g[k] > lowest + 0.2 * g[peak] || lowest == 0 { break }
        }
        guard minimum > peak, minimum < bins - 1 else { return nil }
        let r = distances
        return (r[peak], r[minimum], coordination(pair)[minimum])
    }
}
