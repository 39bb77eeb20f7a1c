import Atoms
import TestSupport

/// The edges by a double loop over all atoms and images, in the order of `EdgeList`.
struct BruteForce {
    var receivers: [Int32] = []
    var sources: [Int32] = []
    var vectors: [SIMD3<Double>] = []

    init(_ positions: [SIMD3<Double>], _ cell: Cell?, cutoff: (Int, Int) -> Double, longest: Double) {
        var images = SIMD3<Int>.zero
        var wrapped = positions
        let vectors = cell?.vectors ?? .identity
        if let cell {
            let inverse = cell.vectors.inverse
            for k in 0..<3 where cell.repeats(along: k) {
                images[k] = Int((longest / cell.heights[k]).rounded(.up)) + 1
            }
            for i in positions.indices {
                var f = positions[i] * inverse
                for k in 0..<3 { f[k] = cell.repeats(along: k) ? f[k].rounded(.down) : 0 }
                wrapped[i] = positions[i] - f * cell.vectors
            }
        }
        for i in positions.indices {
            for j in positions.indices {
                for a in -images.x...images.x {
                    for b in -images.y...images.y {
                        for c in -images.z...images.z where i != j || a != 0 || b != 0 || c != 0 {
                            let shift = SIMD3(Double(a), Double(b), Double(c)) * vectors
                            let r = wrapped[j] - wrapped[i] + shift
                            guard dot(r, r) < cutoff(i, j) * cutoff(i, j) else { continue }
                            receivers.append(Int32(i))
                            sources.append(Int32(j))
                            self.vectors.append(r)
                        }
                    }
                }
            }
        }
    }
}

/// A random structure of one of many kinds: triclinic of either hand, smaller or larger than the cutoff, periodic in
/// any directions, open with and without atoms far away, atoms far outside the cell, few or no atoms.
struct RandomStructure {
    var positions: [SIMD3<Double>]
    var cell: Cell?
    var cutoff: Double

    init(_ random: inout SplitMix64) {
        let size = Double.random(in: 1.5...12, using: &random)
        var vectors: Matrix3
        repeat {
            vectors = Matrix3(
                random.vector(-size...size), random.vector(-size...size), random.vector(-size...size))
        } while Cell(vectors).heights.min() < 1
        let periodic = (Bool.random(using: &random), Bool.random(using: &random), Bool.random(using: &random))
        switch Int.random(in: 0..<6, using: &random) {
        case 0: cell = nil
        case 1...3: cell = Cell(vectors)
        default: cell = Cell(vectors, periodic: periodic)
        }
        let count = Int.random(in: 0...20, using: &random)
        let spread = Bool.random(using: &random) ? 1.0 : 5.0
        positions = (0..<count).map { _ in random.vector(-spread...spread) * vectors }
        if cell == nil, count > 2, Bool.random(using: &random) { positions[count / 2].x += 1e9 }
        let atoms = Double(max(count, 1))
        let density = atoms / max(cell?.volume ?? 1000, 1)
        // Few enough images for the double loop.
        cutoff = min(Double.random(in: 0.5...8, using: &random), 6 / density.squareRoot() + 1)
    }
}
