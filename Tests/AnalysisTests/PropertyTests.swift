import Atoms
import Compute
import Foundation
import Interactions
import Testing

@testable import Analysis

@Suite struct EquationOfStateTests {
    @Test func aCurveOfThatFormGivesItsParametersBack() throws {
        let volumes = (0..<11).map { (k: Int) -> Double in 18.8 + 0.24 * Double(k) }
        func energy(_ volume: Double) -> Double {
            let x = pow(20.3 / volume, 2.0 / 3)
            let scale = 9 * 20.3 * 0.54 / 16
            let y = x - 1
            return -107 + scale * y * y * (y * 4.3 + 6 - 4 * x)
        }
        let fit = try #require(EquationOfState(volumes: volumes, energies: volumes.map(energy)))
        #expect(abs(fit.volume - 20.3) < 1e-8)
        #expect(abs(fit.energy + 107) < 1e-10)
        #expect(abs(fit.bulkModulus - 0.54) < 1e-8)
        #expect(abs(fit.derivative - 4.3) < 1e-6)
        #expect(fit.residual < 1e-11)
        // The pressure is −dE/dV.
        let slope = (energy(19.001) - energy(18.999)) / 0.002
        #expect(abs(fit.pressure(at: 19) + slope) < 1e-8)
    }

    @Test func aMinimumElsewhereIsNone() {
        let volumes = (0..<11).map { (k: Int) -> Double in 20 + 0.1 * Double(k) }
        #expect(EquationOfState(volumes: volumes, energies: volumes.map { -$0 }) == nil)
        #expect(EquationOfState(volumes: [1, 2], energies: [0, 1]) == nil)
    }
}

@Suite struct ElasticTests {
    @Test func anIsotropicSolidHasItsModuli() throws {
        let (k, g) = (100.0, 40.0)
        var rows = [[Double]](repeating: Array(repeating: 0, count: 6), count: 6)
        let lambda = k - 2 * g / 3
        for i in 0..<3 { for j in 0..<3 { rows[i][j] = lambda + (i == j ? 2 * g : 0) } }
        for i in 3..<6 { rows[i][i] = g }
        let tensor = ElasticTensor(rows)
        let moduli = try #require(tensor.moduli)
        #expect(abs(moduli.bulkVoigt - k) < 1e-10 && abs(moduli.bulkReuss - k) < 1e-10)
        #expect(abs(moduli.shearVoigt - g) < 1e-10 && abs(moduli.shearReuss - g) < 1e-10)
        let young = 9 * k * g / (3 * k + g)
        #expect(abs(moduli.young - young) < 1e-10)
        #expect(abs(moduli.universalAnisotropy) < 1e-10)
        // 3 K once, 2 G five times.
        let eigenvalues = tensor.eigenvalues
        #expect(eigenvalues.dropLast().allSatisfy { abs($0 - 2 * g) < 1e-10 })
        #expect(abs(eigenvalues[5] - 3 * k) < 1e-10)
    }

    /// A crystal of Lennard-Jones argon: constants from second differences of the energy, which know nothing of
    /// stresses, and Cauchy's relation C12 = C44 of central forces at no stress.
    @Test func constantsAreSecondDerivativesOfTheEnergy() throws {
        let argon = Element("Ar")!
        let interaction = try LennardJones(
            [argon: .init(epsilon: 0.0103, sigma: 3.405)], cutoff: 8.5, parallelism: .serial)
        let evaluator = Evaluator(interaction, parallelism: .serial)
        func crystal(_ a: Double) -> Structure {
            Structure(
                elements: [argon], positions: [.zero],
                cell: Cell(a: SIMD3(0, a / 2, a / 2), b: SIMD3(a / 2, 0, a / 2), c: SIMD3(a / 2, a / 2, 0)))
        }
        func pressure(_ a: Double) throws -> Double { try evaluator.evaluate([crystal(a)])[0].virial.trace }
        var (low, high) = (5.0, 5.6)
        while high - low > 1e-10 {
            let middle = 0.5 * (low + high)
            if try pressure(middle) > 0 { low = middle } else { high = middle }
        }
        let start = crystal(low)
        let constants = try ElasticConstants(of: start, by: evaluator)
        #expect(constants.failures.isEmpty)
        let c = try #require(constants.relaxed).rows
        #expect(constants.clamped.difference(from: constants.relaxed!) < 1e-9)
        func energy(_ strain: Matrix3) throws -> Double {
            try evaluator.evaluate([start.strained(by: strain)])[0].energy
        }
        let (h, volume) = (1e-3, start.cell!.volume)
        func second(_ i: Int) throws -> Double {
            let strain = ElasticTensor.strain(i, h)
            let difference = try energy(strain) + energy(strain * -1) - 2 * energy(.zero)
            return difference / (h * h * volume)
        }
        #expect(abs(try second(0) / c[0][0] - 1) < 1e-3)
        #expect(abs(try second(4) / c[4][4] - 1) < 1e-3)
        #expect(abs(c[0][1] / c[3][3] - 1) < 1e-5)
        #expect(constants.relaxed!.eigenvalues[0] > 0)
    }
}

@Suite struct EigenvalueTests {
    @Test func vectorsOfAHermitianMatrixBelongToItsValues() {
        let n = 4
        var matrix = [ComplexNumber](repeating: .init(0), count: n * n)
        for i in 0..<n {
            for j in i..<n {
                let value = ComplexNumber(sin(Double(3 * i + j)), i == j ? 0 : cos(Double(i + 2 * j)))
                matrix[i * n + j] = value
                matrix[j * n + i] = value.conjugate
            }
        }
        let (values, vectors) = Eigenvalues.hermitian(matrix, n: n, wantsVectors: true)
        for k in 0..<n {
            for i in 0..<n {
                var sum = ComplexNumber(0)
                for j in 0..<n {
                    let (m, v) = (matrix[i * n + j], vectors[k][j])
                    sum += ComplexNumber(
                        m.real * v.real - m.imaginary * v.imaginary, m.real * v.imaginary + m.imaginary * v.real)
                }
                #expect(abs(sum.real - values[k] * vectors[k][i].real) < 1e-12)
                #expect(abs(sum.imaginary - values[k] * vectors[k][i].imaginary) < 1e-12)
            }
        }
        #expect(values == values.sorted())
    }

    @Test func solutionsSolve() throws {
        let matrix = [4.0, 1, 0, 2, 5, 1, 0, 7, 3]
        let x = try #require(LinearSystem.solve(matrix, [1, 2, 3, 4, 5, 6], columns: 2))
        for i in 0..<3 {
            for c in 0..<2 {
                let sum = (0..<3).reduce(0) { $0 + matrix[3 * i + $1] * x[2 * $1 + c] }
                #expect(abs(sum - Double(2 * i + c + 1)) < 1e-12)
            }
        }
        #expect(LinearSystem.solve([1, 2, 2, 4], [1, 1]) == nil)
    }
}
