import Compute

/// Chooses, one after another, those of many vectors that say most that the ones before have not said.
///
/// The vectors may be more than memory holds: of each stay twenty bytes, and those that were chosen whole.
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

    /// Throws where the disk has no room, or cannot be read.
    ///
    /// - Parameters:
    ///   - path: a file beside which there is room for as many numbers again, for leverage.
    ///   - tolerance: vectors nearer to a chosen one than this are no others.
    public init(
        _ count: Int, of vectors: VectorStore<Float>, by rule: Rule, tolerance: Double, beside path: String,
        parallelism: Parallelism
    ) throws {
        guard vectors.count > 0, count > 0 else { return }
        var coverage = Coverage(vectors, parallelism)
        var rests = rule == .leverage ? try Rests(vectors, beside: path, parallelism) : nil
        var next: Int? = try rests?.largest ?? Self.nearestToMean(vectors)
        while let index = next {
            if !chosen.isEmpty { distances.append(coverage.nearest[index]) }
            chosen.append(index)
            try coverage.add(vectors.rows(index..<index + 1))
            try rests?.project(outOf: index)
            guard chosen.count < count else { break }
            let nearest = coverage.nearest
            let open = nearest.indices.lazy.filter { nearest[$0] > tolerance }
            if let squares = rests?.squares {
                // Where the chosen span everything, distances decide.
                next = open.max { (squares[$0], nearest[$0], $1) < (squares[$1], nearest[$1], $0) }
            } else {
                next = open.max { (nearest[$0], $1) < (nearest[$1], $0) }
            }
        }
        radius = coverage.nearest.max() ?? 0
        let taken = Set(chosen)
        duplicates = coverage.nearest.indices.count { !taken.contains($0) && coverage.nearest[$0] <= tolerance }
    }

    private static func nearestToMean(_ vectors: VectorStore<Float>) throws -> Int? {
        let width = vectors.width
        var mean = [Float](repeating: 0, count: width)
        for block in vectors.blocks() {
            let rows = try vectors.rows(block)
            for row in 0..<block.count {
                for k in 0..<width { mean[k] += rows[row * width + k] / Float(vectors.count) }
            }
        }
        var best: (index: Int, distance: Double)?
        for block in vectors.blocks() {
            let rows = try vectors.rows(block)
            for row in 0..<block.count {
                let far = Coverage.distance(rows, row * width, mean, 0, width)
                if far < best?.distance ?? .infinity { best = (block.lowerBound + row, far) }
            }
        }
        return best?.index
    }
}

/// How far vectors lie from the nearest of those that were chosen.
private struct Coverage {
    private let vectors: VectorStore<Float>
    private let parallelism: Parallelism
    /// `[vector]` The distance to the nearest chosen one, and its number among them.
    private(set) var nearest: [Double]
    private var owner: [Int32]
    /// The chosen ones, one behind the other.
    private var chosen: [Float] = []

    init(_ vectors: VectorStore<Float>, _ parallelism: Parallelism) {
        (self.vectors, self.parallelism) = (vectors, parallelism)
        nearest = Array(repeating: .infinity, count: vectors.count)
        owner = Array(repeating: 0, count: vectors.count)
    }

    /// A vector nearer to its own than half the way from there to another has nothing nearer in that (triangle
    /// inequality); a thousandth is for the rounding of distances.
    private static let half = 0.5 / 1.001

    mutating func add(_ point: [Float]) throws {
        let (width, number) = (vectors.width, Int32(chosen.count / vectors.width))
        let reach = (0..<Int(number)).map { Self.half * Self.distance(chosen, $0 * width, point, 0, width) }
        chosen += point
        for block in vectors.blocks() {
            func isOpen(_ index: Int) -> Bool { number == 0 || nearest[index] >= reach[Int(owner[index])] }
            guard block.contains(where: isOpen) else { continue }
            let rows = try vectors.rows(block)
            var distances = block.map { isOpen($0) ? 0.0 : .infinity }
            parallelism.update(&distances, by: 64) { range, distances in
                for k in distances.indices where distances[k] == 0 {
                    distances[k] = Self.distance(rows, (range.lowerBound + k) * width, point, 0, width)
                }
            }
            for (index, distance) in zip(block, distances) where distance < nearest[index] {
                (nearest[index], owner[index]) = (distance, number)
            }
        }
    }

    static func distance(_ a: [Float], _ i: Int, _ b: [Float], _ j: Int, _ width: Int) -> Double {
        var sum: Float = 0
        for k in 0..<width {
            let d = a[i + k] - b[j + k]
            sum += d * d
        }
        return Double(sum).squareRoot()
    }
}

/// What chosen vectors do not span of all.
private struct Rests {
    private let rests: VectorStore<Float>
    private let parallelism: Parallelism
    /// `[vector]` Of their norms.
    private(set) var squares: [Double] = []

    init(_ vectors: VectorStore<Float>, beside path: String, _ parallelism: Parallelism) throws {
        let width = vectors.width
        rests = VectorStore(width: width, beside: path)
        self.parallelism = parallelism
        for block in vectors.blocks() {
            let rows = try vectors.rows(block)
            for row in 0..<block.count {
                try rests.append(rows[row * width..<(row + 1) * width])
                squares.append(Self.squares(rows, row * width, width))
            }
        }
    }

    /// The longest; of equal ones the first.
    var largest: Int? { squares.indices.max { (squares[$0], $1) < (squares[$1], $0) } }

    mutating func project(outOf index: Int) throws {
        let width = rests.width
        let direction = try rests.rows(index..<index + 1)
        let size = Self.squares(direction, 0, width)
        guard size > 1e-12 else { return }
        for block in rests.blocks() {
            var rows = try rests.rows(block)
            parallelism.update(&rows, by: 16 * width) { _, rows in
                for start in stride(from: 0, to: rows.count, by: width) {
                    var product = 0.0
                    for k in 0..<width { product += Double(rows[start + k]) * Double(direction[k]) }
                    let factor = Float(product / size)
                    for k in 0..<width { rows[start + k] -= factor * direction[k] }
                }
            }
            for row in 0..<block.count { squares[block.lowerBound + row] = Self.squares(rows, row * width, width) }
            try rests.replace(block, by: rows)
        }
    }

    private static func squares(_ a: [Float], _ start: Int, _ width: Int) -> Double {
        (start..<start + width).reduce(0) { $0 + Double(a[$1]) * Double(a[$1]) }
    }
}
