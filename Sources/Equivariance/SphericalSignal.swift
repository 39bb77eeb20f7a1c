import Foundation

/// A function on the unit sphere, f(x) = Σ F_lm Y_lm(x) with ∫ Y² = 1: coefficients at l² + l + m.
public struct SphericalSignal: Sendable, Equatable {
    public let lMax: Int
    public var coefficients: [Double]

    public init(lMax: Int, _ coefficients: [Double]) {
        precondition(
            coefficients.count == (lMax + 1) * (lMax + 1),
            "expected \((lMax + 1) * (lMax + 1)) coefficients, got \(coefficients.count)")
        (self.lMax, self.coefficients) = (lMax, coefficients)
    }

    /// How the coefficients turn: under inversion f keeps its values up to the sign `value`, and its argument changes
    /// its sign if `argument` is odd.
    public static func irreps(lMax: Int, value: Parity = .even, argument: Parity = .odd) -> Irreps {
        Irreps((0...lMax).map { .init(1, Irrep(l: $0, parity: value * argument.power($0))) })
    }

    /// The signal that has given values in the directions of vectors, the smallest one that does: a peak at each. By
    /// default the values are the vectors' lengths. Vectors of length 0 are left out.
    ///
    /// With more vectors than coefficients, the one whose values deviate least.
    public static func withPeaks(at vectors: [[Double]], values: [Double]? = nil, lMax: Int) -> SphericalSignal {
        precondition(
            values == nil || values!.count == vectors.count,
            "expected a value for each of \(vectors.count) vectors, got \(values?.count ?? 0)")
        let lengths = vectors.map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        let kept = vectors.indices.filter { lengths[$0] > 0 }
        let harmonics = HarmonicFunction(lMax: lMax, normalization: .integral)
        let rows = kept.map { harmonics.values(vectors[$0]) }
        let targets = kept.map { values?[$0] ?? lengths[$0] }
        // Coefficients Σ_a c_a Y(v_a) with (Y(v_a)·Y(v_b)) c_b = values; the pseudoinverse where directions repeat.
        let n = rows.count
        let gram = (0..<n * n).map { index in
            zip(rows[index / n], rows[index % n]).reduce(0) { $0 + $1.0 * $1.1 }
        }
        let (eigenvalues, vectors) = symmetricEigen(gram, n)
        let smallest = 1e-13 * (eigenvalues.max() ?? 0) * Double(n)
        var weights = Array(repeating: 0.0, count: n)
        for (value, vector) in zip(eigenvalues, vectors) where value > smallest {
            let part = zip(vector, targets).reduce(0) { $0 + $1.0 * $1.1 } / value
            for i in 0..<n { weights[i] += part * vector[i] }
        }
        return SphericalSignal(lMax: lMax, weightedSum(rows, weights, count: harmonics.count))
    }

    /// Σ_a w_a δ(x − v_a/|v_a|) cut off at the degree and scaled so that each peak is about w_a high: 4π/(l+1)² times
    /// the harmonics at the points.
    public static func sumOfDiracs(at vectors: [[Double]], weights: [Double], lMax: Int) -> SphericalSignal {
        precondition(
            weights.count == vectors.count,
            "expected a weight for each of \(vectors.count) vectors, got \(weights.count)")
        let harmonics = HarmonicFunction(lMax: lMax, normalization: .integral)
        let scale = 4 * .pi / Double((lMax + 1) * (lMax + 1))
        return SphericalSignal(
            lMax: lMax,
            weightedSum(vectors.map(harmonics.values), weights.map { $0 * scale }, count: harmonics.count))
    }

    /// The signal in the direction of a vector.
    public func value(at vector: [Double]) -> Double {
        let harmonics = HarmonicFunction(lMax: lMax, normalization: .integral).values(vector)
        return zip(coefficients, harmonics).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// √(Σ_m F_lm²) of each degree: what rotations leave unchanged.
    public var norms: [Double] {
        (0...lMax).map { l in
            coefficients[l * l..<(l + 1) * (l + 1)].reduce(0) { $0 + $1 * $1 }.squareRoot()
        }
    }

    /// f(R⁻¹ x), or with the sign of `value` for rotations with an inversion.
    public func rotating(by rotation: Rotation, value: Parity = .even, argument: Parity = .odd) -> SphericalSignal {
        let wigner = WignerD(lMax: lMax, of: rotation)
        return SphericalSignal(
            lMax: lMax,
            wigner.rotating(coefficients, Self.irreps(lMax: lMax, value: value, argument: argument)))
    }

    /// Where the signal is highest around: directions and values, the highest first.
    ///
    /// Points of a grid above all their neighbours, moved uphill until the slope along the sphere vanishes. Peaks
    /// closer than about π/(4 (l + 1)) can be missed.
    public func peaks() -> [(direction: [Double], value: Double)] {
        let grid = SphereGrid(lMax: lMax, betas: 8 * (lMax + 1), alphas: 8 * (lMax + 1), normalization: .integral)
        let (values, points) = (grid.values(of: coefficients), grid.points)
        let (n, k) = (grid.betas.count, grid.alphas.count)
        var found: [(direction: [Double], value: Double)] = []
        for i in 0..<n {
            for j in 0..<k {
                let here = values[i * k + j]
                // Beyond a pole the neighbour has the opposite azimuth; k is even.
                let isHighest = (-1...1).allSatisfy { a in
                    (-1...1).allSatisfy { b in
                        if a == 0 && b == 0 { return true }
                        let row = i + a
                        let isBeyond = row < 0 || row >= n
                        let column = (j + b + k + (isBeyond ? k / 2 : 0)) % k
                        return values[(isBeyond ? i : row) * k + column] <= here
                    }
                }
                guard isHighest else { continue }
                let peak = climb(from: points[i * k + j])
                let isNew = found.allSatisfy { other in
                    zip(other.direction, peak.direction).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } > 1e-8
                }
                if isNew { found.append(peak) }
            }
        }
        return found.sorted { $0.value > $1.value }
    }

    private func climb(from start: [Double]) -> (direction: [Double], value: Double) {
        let harmonics = HarmonicFunction(lMax: lMax, normalization: .integral)
        var (x, height) = (start, value(at: start))
        // A signal of degree l bends by no more than about l² times its size; shorter steps never go down.
        var step = 1 / (Double(lMax * (lMax + 1) + 1) * max(coefficients.reduce(0) { $0 + abs($1) }, 1e-300))
        for _ in 0..<2000 {
            let gradient = harmonics.gradients(x)
            let moved = (0..<3).map { (axis: Int) -> Double in
                var slope = 0.0
                for i in coefficients.indices { slope += coefficients[i] * gradient[3 * i + axis] }
                return x[axis] + step * slope
            }
            let length = moved.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let next = moved.map { $0 / length }
            let change = zip(next, x).map { abs($0 - $1) }.max()!
            let reached = value(at: next)
            if reached < height {
                step /= 4
                if change < 1e-12 { break }
                continue
            }
            (x, height) = (next, reached)
            step *= 1.5
            if change < 1e-12 { break }
        }
        return (x, height)
    }

    private static func weightedSum(_ rows: [[Double]], _ weights: [Double], count: Int) -> [Double] {
        zip(rows, weights).reduce(into: Array(repeating: 0.0, count: count)) { sum, term in
            for i in sum.indices { sum[i] += term.1 * term.0[i] }
        }
    }
}
