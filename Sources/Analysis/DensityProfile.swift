import Atoms
import Foundation

/// The number of atoms of each element per volume in slices across a cell vector, averaged over frames.
public struct DensityProfile: Sendable {
    /// 0, 1 or 2
    public let axis: Int
    public let bins: Int
    public let kinds: [Element]
    private var histogram: [[Double]]
    private var height = 0.0
    private var frames = 0

    public init(of elements: [Element], axis: Int, bins: Int) {
        (self.axis, self.bins) = (axis, bins)
        kinds = Set(elements).sorted()
        histogram = Array(repeating: Array(repeating: 0, count: bins), count: kinds.count)
    }

    public mutating func add(_ structure: Structure) {
        guard let cell = structure.cell else { preconditionFailure("expected a cell, got an open structure") }
        frames += 1
        height += cell.heights[axis]
        let inverse = cell.vectors.inverse
        let weight = Double(bins) / cell.volume
        for (element, position) in zip(structure.elements, structure.positions) {
            guard let kind = kinds.firstIndex(of: element) else { continue }
            let x = (position * inverse)[axis]
            let bin = Int(((x - x.rounded(.down)) * Double(bins)).rounded(.down))
            histogram[kind][min(bins - 1, max(0, bin))] += weight
        }
    }

    /// Middles of the slices along the normal of the others, Å.
    public var places: [Double] {
        (0..<bins).map { (Double($0) + 0.5) / Double(bins) * height / Double(max(1, frames)) }
    }

    /// Atoms per Å³.
    public func values(_ element: Element) -> [Double] {
        guard let kind = kinds.firstIndex(of: element) else { return [] }
        return histogram[kind].map { $0 / Double(max(1, frames)) }
    }
}
