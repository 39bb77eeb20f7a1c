import Foundation
import TestSupport
import Testing

@testable import Equivariance

@Suite struct SphericalHarmonicsTests {
    @Test func valuesEqualE3nn() throws {
        let low = try ReferenceData.load([String: [[Double]]].self, "e3nn_spherical_harmonics")
        let high = try ReferenceData.load(ReferenceData.HigherDegrees.self, "e3nn_higher_degrees")
        let harmonics = SphericalHarmonics(lMax: 6)
        for (index, row) in try #require(low["vectors"]).enumerated() {
            let values = harmonics(SIMD3(row))
            let expected =
                try (0...4).flatMap { try #require(low["sh_l\($0)"])[index] } + high.sh_l5[index] + high.sh_l6[index]
            #expect(largestDifference(values, expected) < agreement)
        }
    }

    /// Gauss-Legendre in y and a uniform grid in the azimuth integrate products of degree 2·10 exactly.
    @Test func harmonicsAreOrthonormalOnTheSphere() {
        let harmonics = SphericalHarmonics(lMax: 10)
        let (nodes, weights) = gaussLegendre(12)
        var overlap = Array(repeating: 0.0, count: harmonics.count * harmonics.count)
        for (y, weight) in zip(nodes, weights) {
            for k in 0..<24 {
                let (azimuth, radius) = (2 * .pi * Double(k) / 24, (1 - y * y).squareRoot())
                let values = harmonics(SIMD3(radius * sin(azimuth), y, radius * cos(azimuth)))
                for i in values.indices {
                    for j in values.indices {
                        overlap[i * values.count + j] += weight / 2 / 24 * values[i] * values[j]
                    }
                }
            }
        }
        let identity = overlap.indices.map { $0 / harmonics.count == $0 % harmonics.count ? 1.0 : 0 }
        #expect(largestDifference(overlap, identity) < 1e-13)
    }

    /// Σ_m Y_lm(u) Y_lm(v) = (2l + 1) P_l(u·v).
    @Test func additionTheoremHolds() {
        var stream = SplitMix64(1)
        let harmonics = SphericalHarmonics(lMax: 8)
        for _ in 0..<20 {
            let (u, v) = (stream.vector(-2...2), stream.vector(-2...2))
            let (first, second) = (harmonics(u), harmonics(v))
            let t = (u * v).sum() / ((u * u).sum() * (v * v).sum()).squareRoot()
            var (last, legendre) = (0.0, 1.0)
            for l in 0...8 {
                let sum = (l * l..<(l + 1) * (l + 1)).reduce(0) { $0 + first[$1] * second[$1] }
                #expect(abs(sum - Double(2 * l + 1) * legendre) < 1e-13 * Double(2 * l + 1))
                (last, legendre) = (legendre, (Double(2 * l + 1) * t * legendre - Double(l) * last) / Double(l + 1))
            }
        }
    }

    /// At the step 10⁻³ r the differences of fourth order err by about (l·10⁻³)⁴ √(2l + 1) l ≈ 10⁻⁷ relative to 1/r.
    @Test func derivativesEqualFiniteDifferences() {
        var stream = SplitMix64(2)
        let harmonics = SphericalHarmonics(lMax: 8)
        let axes: [SIMD3<Double>] = [.init(1, 0, 0), .init(0, 1, 0), .init(0, 0, 1)]
        for vector in (0..<10).map({ _ in stream.vector(-2...2) }) + axes.map({ $0 * 3 }) {
            let (values, gradient) = evaluate(harmonics, [vector])
            #expect(largestDifference(values.map { $0[0] }, harmonics(vector)) == 0)
            let r = (vector * vector).sum().squareRoot()
            for (axis, direction) in axes.enumerated() {
                let h = 1e-3 * r
                let (a, b) = (harmonics(vector + h * direction), harmonics(vector - h * direction))
                let (c, d) = (harmonics(vector + 2 * h * direction), harmonics(vector - 2 * h * direction))
                for i in values.indices {
                    let difference = (8 * (a[i] - b[i]) - (c[i] - d[i])) / (12 * h)
                    #expect(abs(gradient[3 * i + axis][0] - difference) * r < 1e-7)
                }
            }
        }
    }

    /// Dual numbers through the same arithmetic give the derivatives exactly: ∂(a + bε)/∂ε = b.
    @Test func derivativesEqualThoseOfDualNumbers() {
        var stream = SplitMix64(5)
        let harmonics = SphericalHarmonics(lMax: 6)
        for vector in (0..<20).map({ _ in stream.vector(-2...2) }) {
            let (_, gradient) = evaluate(harmonics, [vector])
            let r = (vector * vector).sum().squareRoot()
            for axis in 0..<3 {
                let x = (0..<3).map { Dual(vector[$0], $0 == axis ? 1 : 0) }
                var values = [Dual](repeating: Dual(0, 0), count: harmonics.count)
                values.withUnsafeMutableBufferPointer {
                    harmonics.evaluate(x: x[0], y: x[1], z: x[2], values: $0.baseAddress!)
                }
                for i in values.indices { #expect(abs(gradient[3 * i + axis][0] - values[i].slope) * r < 1e-12) }
            }
        }
    }

    @Test func onlyTheDirectionMatters() {
        var stream = SplitMix64(3)
        let harmonics = SphericalHarmonics(lMax: 6)
        let vector = stream.vector(-2...2)
        for length in [1e-140, 1e-9, 1, 1e9, 1e140] {
            #expect(largestDifference(harmonics(vector * length), harmonics(vector)) < 1e-14)
            let (_, gradient) = evaluate(harmonics, [vector * length])
            for i in 0..<harmonics.count {
                let along = (0..<3).reduce(0) { $0 + gradient[3 * i + $1][0] * vector[$1] * length }
                #expect(abs(along) < 1e-13)
            }
        }
    }

    @Test func theZeroVectorHasOnlyDegreeZero() {
        let harmonics = SphericalHarmonics(lMax: 6)
        let (values, gradient) = evaluate(harmonics, [.zero, SIMD3(1, 2, 3)])
        #expect(values.map { $0[0] } == [1] + Array(repeating: 0, count: 48))
        #expect(gradient.allSatisfy { $0[0] == 0 })
        #expect(largestDifference(values.map { $0[1] }, harmonics(SIMD3(1, 2, 3))) < 1e-14)
    }

    @Test func everyLaneGivesWhatOneVectorGives() {
        var stream = SplitMix64(4)
        for lMax in 0...6 {
            let harmonics = SphericalHarmonics(lMax: lMax)
            let vectors = (0..<8).map { _ in stream.vector(-2...2) }
            let (values, gradient) = evaluate(harmonics, vectors)
            for (lane, vector) in vectors.enumerated() {
                let (one, slope) = evaluate(harmonics, [vector])
                #expect(largestDifference(values.map { $0[lane] }, one.map { $0[0] }) < 1e-14)
                #expect(largestDifference(gradient.map { $0[lane] }, slope.map { $0[0] }) < 1e-13)
            }
        }
    }

    /// Values and gradients of up to 8 vectors, side by side; of one vector by the scalar path.
    private func evaluate(_ harmonics: SphericalHarmonics, _ vectors: [SIMD3<Double>]) -> (
        [SIMD8<Double>], [SIMD8<Double>]
    ) {
        func run<V: Lanes>(_ x: V, _ y: V, _ z: V) -> ([V], [V]) {
            var values = Array(repeating: V.all(.nan), count: harmonics.count)
            var gradient = Array(repeating: V.all(.nan), count: 3 * harmonics.count)
            values.withUnsafeMutableBufferPointer { values in
                gradient.withUnsafeMutableBufferPointer { gradient in
                    harmonics.evaluate(
                        x: x, y: y, z: z, values: values.baseAddress!, gradient: gradient.baseAddress!)
                }
            }
            return (values, gradient)
        }
        if vectors.count == 1 {
            let (values, gradient) = run(vectors[0].x, vectors[0].y, vectors[0].z)
            return (values.map(SIMD8.init(repeating:)), gradient.map(SIMD8.init(repeating:)))
        }
        var (x, y, z) = (SIMD8<Double>.zero, SIMD8<Double>.zero, SIMD8<Double>.zero)
        for (lane, vector) in vectors.enumerated() { (x[lane], y[lane], z[lane]) = (vector.x, vector.y, vector.z) }
        return run(x, y, z)
    }

    /// Nodes and weights on [−1, 1], by Newton's method on P_n.
    private func gaussLegendre(_ n: Int) -> ([Double], [Double]) {
        var (nodes, weights) = ([Double](), [Double]())
        for k in 0..<n {
            var (x, slope) = (cos(.pi * (Double(k) + 0.75) / (Double(n) + 0.5)), 0.0)
            for _ in 0..<50 {
                var (last, p) = (0.0, 1.0)
                for l in 0..<n { (last, p) = (p, (Double(2 * l + 1) * x * p - Double(l) * last) / Double(l + 1)) }
                slope = Double(n) * (x * p - last) / (x * x - 1)
                x -= p / slope
            }
            nodes.append(x)
            weights.append(2 / ((1 - x * x) * slope * slope))
        }
        return (nodes, weights)
    }
}

/// value + slope·ε with ε² = 0.
private struct Dual: Lanes {
    var value: Double
    var slope: Double

    init(_ value: Double, _ slope: Double) { (self.value, self.slope) = (value, slope) }

    static func + (a: Dual, b: Dual) -> Dual { Dual(a.value + b.value, a.slope + b.slope) }
    static func - (a: Dual, b: Dual) -> Dual { Dual(a.value - b.value, a.slope - b.slope) }
    static func * (a: Dual, b: Dual) -> Dual { Dual(a.value * b.value, a.value * b.slope + a.slope * b.value) }
    static func all(_ value: Double) -> Dual { Dual(value, 0) }
    static func inverseSquareRoot(_ s: Dual) -> Dual {
        let root = 1 / s.value.squareRoot()
        return Dual(root, -0.5 * root * root * root * s.slope)
    }
}
