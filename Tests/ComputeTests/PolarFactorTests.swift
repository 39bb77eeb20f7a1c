import Compute
import Testing

/// The polynomial steps act on singular values alone.
@Suite struct PolarFactors {
    /// Orthonormal vectors of some length, by Gram and Schmidt from random ones.
    private func orthonormal(_ count: Int, length: Int, seed: UInt64) -> [[Double]] {
        let random = Philox(seed: seed)
        var vectors: [[Double]] = []
        for index in 0..<count {
            var vector = (0..<length).map { element in
                random.normals(at: Philox.counter(step: element, index: index, stream: 0))[0]
            }
            for _ in 0..<2 {
                for other in vectors {
                    let overlap = zip(vector, other).reduce(0) { $0 + $1.0 * $1.1 }
                    vector = zip(vector, other).map { $0 - overlap * $1 }
                }
            }
            let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            vectors.append(vector.map { $0 / norm })
        }
        return vectors
    }

    private func matrix(_ values: [Double], _ u: [[Double]], _ v: [[Double]]) -> [Double] {
        u[0].indices.flatMap { i in
            v[0].indices.map { j in values.indices.reduce(0) { $0 + values[$1] * u[$1][i] * v[$1][j] } }
        }
    }

    /// Jordan et al.'s quintic, five times.
    private func quintic(_ s: Double) -> Double {
        (0..<5).reduce(s) { s, _ in 3.4445 * s - 4.7750 * s * s * s + 2.0315 * s * s * s * s * s }
    }

    @Test(arguments: [(5, 5), (33, 6), (6, 33), (40, 32), (1, 7)])
    func singularValuesGoThroughTheQuintic(rows: Int, columns: Int) {
        let count = min(rows, columns)
        let (u, v) = (orthonormal(count, length: rows, seed: 1), orthonormal(count, length: columns, seed: 2))
        let values = (0..<count).map { 3 / Double(1 + $0 * $0) }
        let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let factor = matrix(values.map { quintic($0 / norm) }, u, v)
        // Two columns more in the target's rows, which must stay.
        var target = [Double](repeating: 1, count: rows * (columns + 2))
        PolarFactor.subtract(
            of: matrix(values, u, v), rows: rows, columns: columns, length: 0.5, from: &target, stride: columns + 2,
            decay: 0.75)
        for i in 0..<rows {
            for j in 0..<columns {
                #expect(abs(target[i * (columns + 2) + j] - (0.75 - 0.5 * factor[i * columns + j])) < 1e-12)
            }
            #expect(target[(i + 1) * (columns + 2) - 2..<(i + 1) * (columns + 2)].allSatisfy { $0 == 1 })
        }
    }

    @Test func valuesFromAHundredthOfTheNormComeCloseToOne() {
        for k in 0...990 {
            let value = quintic(0.01 + Double(k) / 1000)
            #expect(value > 0.68 && value < 1.14, "\(k)")
        }
    }

    /// G is known to about ε, and the factor of a singular value s changes by 1/(2 s²) of itself with it, until s no
    /// longer matters below 1/485, the steps' gain: one part in a hundred at most.
    @Test func singlePrecisionAgreesWithDouble() {
        let (u, v) = (orthonormal(32, length: 64, seed: 3), orthonormal(32, length: 32, seed: 4))
        let exact = matrix((0..<32).map { 1 / Double(1 << ($0 / 2)) }, u, v)
        var (single, double) = ([Float](repeating: 0, count: 64 * 32), [Double](repeating: 0, count: 64 * 32))
        PolarFactor.subtract(
            of: exact.map { Float($0) }, rows: 64, columns: 32, length: 1, from: &single, stride: 32, decay: 1)
        PolarFactor.subtract(of: exact, rows: 64, columns: 32, length: 1, from: &double, stride: 32, decay: 1)
        let error = zip(single, double).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
        let size = double.reduce(0) { $0 + $1 * $1 }
        #expect(error.squareRoot() < 0.01 * size.squareRoot())
    }

    @Test func zerosOnlyDecay() {
        var target: [Float] = [1, 2, 3, 4]
        PolarFactor.subtract(
            of: [0, 0, 0, 0], rows: 2, columns: 2, length: 1, from: &target, stride: 2, decay: 0.5)
        #expect(target == [0.5, 1, 1.5, 2])
    }

    /// The factor does not depend on the size of the matrix, also where squares leave the range of single precision.
    @Test(arguments: [1e-36, 1e-30, 1e-24, 1e-19, 1e-12, 1e-6, 1e12, 1e18, 1e30, 1e36])
    func theFactorDoesNotDependOnTheSize(_ size: Double) {
        let (u, v) = (orthonormal(6, length: 20, seed: 5), orthonormal(6, length: 6, seed: 6))
        let exact = matrix((0..<6).map { 1 / Double(1 + $0) }, u, v)
        func factor(_ size: Double, rows: Int, columns: Int) -> [Float] {
            var target = [Float](repeating: 0, count: 120)
            PolarFactor.subtract(
                of: exact.map { Float($0 * size) }, rows: rows, columns: columns, length: 1, from: &target,
                stride: columns, decay: 1)
            return target
        }
        for (rows, columns) in [(20, 6), (6, 20)] {
            let (one, other) = (factor(1, rows: rows, columns: columns), factor(size, rows: rows, columns: columns))
            // Entries round to 2⁻²⁴ of themselves, and a step's gain of 3.4 five times makes 500 of that.
            for (a, b) in zip(one, other) { #expect(abs(a - b) < 1e-4) }
        }
    }

    @Test func subnormalNumbersOnlyDecay() {
        var target: [Float] = [1, 2, 3, 4]
        PolarFactor.subtract(
            of: [1e-42, 0, -1e-40, 0], rows: 2, columns: 2, length: 1, from: &target, stride: 2, decay: 0.5)
        #expect(target == [0.5, 1, 1.5, 2])
    }

    /// What is not finite is not hidden.
    @Test func noNumbersStayNone() {
        for bad in [Float.nan, .infinity] {
            var target: [Float] = [1, 2, 3, 4]
            PolarFactor.subtract(
                of: [bad, 0, 1, 0], rows: 2, columns: 2, length: 1, from: &target, stride: 2, decay: 1)
            #expect(target.allSatisfy { $0.isNaN })
        }
    }
}
