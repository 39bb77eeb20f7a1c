import Atoms
import Neighbors

extension MinimumDistances {
    /// Two atoms that are closer than any pair of their elements that the potential has learned from.
    public struct Violation: Sendable, Equatable {
        /// Counted from 0.
        public var atoms: (Int, Int)
        /// Å.
        public var distance: Double
        public var limit: Double

        public static func == (l: Self, r: Self) -> Bool {
            l.atoms == r.atoms && l.distance == r.distance && l.limit == r.limit
        }
    }

    /// The pair that is farthest below its limit; `nil` when none is.
    public func worstViolation(in edges: EdgeList, of elements: [Element]) -> Violation? {
        guard !isEmpty else { return nil }
        var worst: (ratio: Double, edge: Int)?
        let (x, y, z) = (edges.x.span, edges.y.span, edges.z.span)
        for e in 0..<edges.count {
            let square = x[e] * x[e] + y[e] * y[e] + z[e] * z[e]
            guard square < largestSquare else { continue }
            let limit = self.square(elements[Int(edges.receivers[e])], elements[Int(edges.sources[e])])
            if square < limit, square / limit < worst?.ratio ?? 1 { worst = (square / limit, e) }
        }
        guard let edge = worst?.edge else { return nil }
        let (i, j) = (Int(edges.receivers[edge]), Int(edges.sources[edge]))
        return Violation(
            atoms: (i, j), distance: norm(SIMD3(x[edge], y[edge], z[edge])), limit: self[elements[i], elements[j]])
    }
}
