import Compute

/// Chooses, one after another, those of many vectors that say most that the ones before have not said.
public struct DiverseChoice {
    public enum Rule: String, Sendable, CaseIterable {
        /// The vector farthest from all that were chosen (Gonzalez 1985).
        case farthest
        /// The vector with the largest part that those that were chosen do not span: each makes the determinant of
        /// their products as large as one more can (D-optimal, by QR with pivots).
        case leverage
    }

    /// In the order of choice, so that a smaller choice is the beginning of a larger one.
    public private(set) var chosen: [Int] = []
    /// `[choice]` How far the next vector was from all chosen before it; of the first, nothing.
    public private(set) var distances: [Double] = []
    /// How far the vector that is worst represented lies from those that were chosen.
    public private(set) var radius = 0.0
    /// Vectors that are nearer to one that was chosen than the tolerance, and were not taken.
    public private(set) var duplicates = 0

    /// - Parameters:
    ///   - vectors: all equally long.
    ///   - tolerance: vectors nearer to a chosen one than this are no others.
    public init(
        _ count: Int, of vectors: [[Float]], by rule: Rule, tolerance: Double, parallelism: Parallelism
    ) {
        guard let width = vectors.first?.count, count > 0 else { return }
        var mean = [Float](repeating: 0, count: width)
        for vector in vectors { for k in 0..<width { mean[k] += vector[k] / Float(vectors.count) } }
        var nearest = [Double](repeating: .infinity, count: vectors.count)
        // What the chosen vectors do not span, for leverage.
        var rests = rule == .leverage ? vectors : []
        var next: Int? = Self.first(vectors, mean, rule)
        while let index = next {
            if !chosen.isEmpty { distances.append(nearest[index]) }
            chosen.append(index)
            let point = vectors[index]
            parallelism.update(&nearest, by: 64) { range, nearest in
                for k in nearest.indices {
                    nearest[k] = min(nearest[k], Self.distance(vectors[range.lowerBound + k], point))
                }
            }
            if rule == .leverage { Self.project(&rests, out: rests[index], parallelism) }
            guard chosen.count < count else { break }
            let open = vectors.indices.filter { nearest[$0] > tolerance }
            next =
                switch rule {
                case .farthest: open.max { (nearest[$0], $1) < (nearest[$1], $0) }
                case .leverage:
                    // Where the chosen span everything, distances decide.
                    open.max {
                        (Self.squares(rests[$0]), nearest[$0], $1) < (Self.squares(rests[$1]), nearest[$1], $0)
                    }
                }
        }
        radius = nearest.max() ?? 0
        let taken = Set(chosen)
        duplicates = vectors.indices.count { !taken.contains($0) && nearest[$0] <= tolerance }
    }

    /// The vector nearest to the mean, or the longest.
    private static func first(_ vectors: [[Float]], _ mean: [Float], _ rule: Rule) -> Int? {
        switch rule {
        case .farthest:
            let far = vectors.map { distance($0, mean) }
            return far.indices.min { (far[$0], $0) < (far[$1], $1) }
        case .leverage:
            let sizes = vectors.map { squares($0) }
            return sizes.indices.max { (sizes[$0], $1) < (sizes[$1], $0) }
        }
    }

    private static func project(_ rests: inout [[Float]], out direction: [Float], _ parallelism: Parallelism) {
        let size = squares(direction)
        guard size > 1e-12 else { return }
        parallelism.update(&rests, by: 16) { _, rests in
            for index in rests.indices {
                var product = 0.0
                for k in direction.indices { product += Double(rests[index][k]) * Double(direction[k]) }
                let factor = Float(product / size)
                for k in direction.indices { rests[index][k] -= factor * direction[k] }
            }
        }
    }

    private static func squares(_ a: [Float]) -> Double {
        a.reduce(0) { $0 + Double($1) * Double($1) }
    }

    private static func distance(_ a: [Float], _ b: [Float]) -> Double {
        var sum: Float = 0
        for k in a.indices {
            let d = a[k] - b[k]
            sum += d * d
        }
        return Double(sum).squareRoot()
    }
}
