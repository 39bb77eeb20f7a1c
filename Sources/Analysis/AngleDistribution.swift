import Atoms
import Compute
import Foundation
import Neighbors

/// How often neighbours j and k of an atom i are seen at an angle, by the element of i.
public struct AngleDistribution: Sendable {
    /// Neighbours are closer, Å.
    public let cutoff: Double
    public let bins: Int
    public let kinds: [Element]
    private var histogram: [[Double]]

    public init(of elements: [Element], cutoff: Double, bins: Int = 180) {
        (self.cutoff, self.bins) = (cutoff, bins)
        kinds = Set(elements).sorted()
        histogram = Array(repeating: Array(repeating: 0, count: bins), count: kinds.count)
    }

    public mutating func add(_ structure: Structure, parallelism: Parallelism) throws {
        let edges = try EdgeList(
            positions: structure.positions, cell: structure.cell, cutoffs: Cutoffs(cutoff), parallelism: parallelism)
        for i in 0..<edges.atomCount {
            guard let kind = kinds.firstIndex(of: structure.elements[i]) else { continue }
            let range = Int(edges.offsets[i])..<Int(edges.offsets[i + 1])
            let units = range.map { e -> SIMD3<Double> in
                let d = SIMD3(edges.x[e], edges.y[e], edges.z[e])
                return d / norm(d)
            }
            for j in units.indices {
                for k in units.indices where k > j {
                    let angle = acos(max(-1, min(1, dot(units[j], units[k])))) * 180 / .pi
                    histogram[kind][min(bins - 1, Int(angle / 180 * Double(bins)))] += 1
                }
            }
        }
    }

    /// Middles of the bins, degrees.
    public var angles: [Double] { (0..<bins).map { (Double($0) + 0.5) * 180 / Double(bins) } }

    /// Per degree; the integral is 1, or all are 0 where no atom has two neighbours.
    public func values(_ element: Element) -> [Double] {
        guard let kind = kinds.firstIndex(of: element) else { return [] }
        let total = histogram[kind].reduce(0, +) * 180 / Double(bins)
        return histogram[kind].map { total > 0 ? $0 / total : 0 }
    }

    /// In degrees.
    public func mean(_ element: Element) -> Double? {
        let values = values(element)
        let total = values.reduce(0, +)
        return total > 0 ? zip(angles, values).reduce(0) { $0 + $1.0 * $1.1 } / total : nil
    }
}
