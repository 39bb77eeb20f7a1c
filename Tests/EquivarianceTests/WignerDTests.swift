import TestSupport
import Testing

@testable import Equivariance

@Suite struct WignerDTests {
    private func even(_ l: Int) -> Irrep { Irrep(l: l, parity: .even) }

    @Test func matricesEqualE3nn() throws {
        let reference = try ReferenceData.load(ReferenceData.HigherDegrees.self, "e3nn_higher_degrees")
        for turn in reference.rotations {
            let rotation = Rotation(alpha: turn.angles[0], beta: turn.angles[1], gamma: turn.angles[2])
            #expect(largestDifference(rotation.elements, turn.matrix) < agreement)
            let wigner = WignerD(lMax: 6, of: rotation)
            for (l, matrix) in turn.wigner_d {
                #expect(largestDifference(wigner[even(try #require(Int(l)))], matrix) < agreement, "l = \(l)")
            }
        }
    }

    @Test func harmonicsTurnWithTheVector() {
        var stream = SplitMix64(7)
        let harmonics = SphericalHarmonics(lMax: 8)
        let irreps = Irreps.sphericalHarmonics(lMax: 8)
        for proper in [true, false] {
            for _ in 0..<10 {
                let turn = Rotation.random(using: &stream)
                let rotation = proper ? turn : turn * .inversion
                let vector = stream.vector(-2...2)
                let turned = WignerD(lMax: 8, of: rotation).rotating(harmonics(vector), irreps)
                #expect(largestDifference(harmonics(rotation * vector), turned) < agreement)
            }
        }
    }

    @Test func productsOfRotationsAreProductsOfMatrices() {
        var stream = SplitMix64(8)
        let (first, second) = (Rotation.random(using: &stream) * .inversion, Rotation.random(using: &stream))
        let (a, b) = (WignerD(lMax: 8, of: first), WignerD(lMax: 8, of: second))
        let product = WignerD(lMax: 8, of: first * second)
        for l in 0...8 {
            for irrep in Parity.allCases.map({ Irrep(l: l, parity: $0) }) {
                let expected = matrixProduct(a[irrep], b[irrep], width: irrep.dimension)
                #expect(largestDifference(product[irrep], expected) < 1e-12)
            }
        }
    }

    @Test func theInverseIsTheTranspose() {
        var stream = SplitMix64(9)
        let rotation = Rotation.random(using: &stream)
        let (forth, back) = (WignerD(lMax: 8, of: rotation), WignerD(lMax: 8, of: rotation.inverse))
        for l in 0...8 {
            let width = 2 * l + 1
            let transposed = (0..<width * width).map { forth[even(l)][$0 % width * width + $0 / width] }
            #expect(largestDifference(back[even(l)], transposed) < 1e-12)
        }
    }

    @Test func inversionIsTheParity() {
        let wigner = WignerD(lMax: 3, of: .inversion)
        for l in 0...3 {
            let identity = (0..<(2 * l + 1) * (2 * l + 1)).map { $0 % (2 * l + 2) == 0 ? 1.0 : 0 }
            #expect(largestDifference(wigner[even(l)], identity) < 1e-15)
            #expect(largestDifference(wigner[Irrep(l: l, parity: .odd)], identity.map { -$0 }) < 1e-15)
        }
        #expect(WignerD(lMax: 0, of: .inversion)[Irrep(l: 0, parity: .odd)] == [-1])
    }

    /// ⟨D_mn²⟩ = 1/(2l + 1) over rotations drawn uniformly; 4000 of them know it to about 2 %.
    @Test func randomRotationsAreUniform() {
        var stream = SplitMix64(10)
        var squares = Array(repeating: 0.0, count: 9)
        for _ in 0..<4000 {
            let rotation = Rotation.random(using: &stream)
            #expect(rotation.isProper)
            for i in 0..<9 { squares[i] += rotation.elements[i] * rotation.elements[i] / 4000 }
        }
        #expect(largestDifference(squares, Array(repeating: 1.0 / 3, count: 9)) < 0.03)
    }
}
