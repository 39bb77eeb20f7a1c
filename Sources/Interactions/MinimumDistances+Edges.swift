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
        /// Whether the limit is assumed, because the data had no such pair.
        public var isAssumed = false

        public static func == (l: Self, r: Self) -> Bool {
            l.atoms == r.atoms && l.distance == r.distance && l.limit == r.limit && l.isAssumed == r.isAssumed
        }

        /// What follows "… Å apart, ".
        public var reason: String {
            let length = "\((limit * 1000).rounded() / 1000) Å"
            return isAssumed
                ? "closer than half the sum of their covalent radii (\(length); the training data have no such pair "
                    + "within the cutoff)"
                : "closer than any pair of these elements ever was in the training data (\(length))"
        }
    }

    /// How many edges are below their limits.
    public func violations(in edges: EdgeList, of elements: [Element]) -> Int {
        guard !isEmpty else { return 0 }
        var count = 0
        let (x, y, z) = (edges.x.span, edges.y.span, edges.z.span)
        for e in 0..<edges.count {
            let square = x[e] * x[e] + y[e] * y[e] + z[e] * z[e]
            guard square < largestSquare else { continue }
            if square < self.square(elements[Int(edges.receivers[e])], elements[Int(edges.sources[e])]) { count += 1 }
        }
        return count
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
            atoms: (i, j), distance: norm(SIMD3(x[edge], y[edge], z[edge])), limit: self[elements[i], elements[j]],
            isAssumed: isAssumed(elements[i], elements[j]))
    }
}

extension MinimumDistances {
    /// The same of a structure; `nil` also where it has no neighbours that can be found.
    public func worstViolation(in structure: Structure) -> Violation? {
        guard !isEmpty,
            let edges = try? EdgeList(
                positions: structure.positions, cell: structure.cell,
                cutoffs: Cutoffs(largestSquare.squareRoot()), parallelism: .serial)
        else { return nil }
        return worstViolation(in: edges, of: structure.elements)
    }
}
