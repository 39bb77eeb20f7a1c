import Testing

@testable import Equivariance

@Suite struct E3nnHarmonicsTests {
    private func normalization(_ item: ReferenceCase) throws -> HarmonicNormalization {
        try #require(HarmonicNormalization(rawValue: item.text("normalization")))
    }

    @Test func harmonicsOfAllNormalizationsAreThoseOfE3nn() throws {
        for item in try ReferenceCase.all("spherical_harmonics") {
            let harmonics = HarmonicFunction(
                lMax: try item.integer("lmax"), normalization: try normalization(item),
                ofDirections: item.isTrue("normalize"))
            let vectors = try item.numbers("vectors")
            #expect(relativeDifference(harmonics.values(vectors), try item.numbers("values")) < agreement)
            let (slopes, cotangent) = (harmonics.gradients(vectors), try item.numbers("cotangent"))
            let gradient = (0..<vectors.count).map { index in
                (0..<harmonics.count).reduce(0.0) { sum, component in
                    let place = index / 3 * harmonics.count + component
                    return sum + cotangent[place] * slopes[3 * place + index % 3]
                }
            }
            #expect(relativeDifference(gradient, try item.numbers("gradient")) < agreement)
        }
        let item = try ReferenceCase.file("spherical_harmonics").at("angles")
        let points = zip(try item.numbers("alpha"), try item.numbers("beta")).flatMap {
            Rotation.point(alpha: $0, beta: $1)
        }
        let harmonics = HarmonicFunction(lMax: 4, normalization: try normalization(item))
        #expect(relativeDifference(harmonics.values(points), try item.numbers("values")) < agreement)
    }

    @Test func polynomialsAreSmoothAtTheOrigin() {
        let harmonics = HarmonicFunction(lMax: 4, ofDirections: false)
        let gradients = harmonics.gradients([0, 0, 0])
        // Degree 1 is √3 (x, y, z); all that is higher vanishes with its slope.
        for component in 0..<25 {
            for axis in 0..<3 {
                let expected = component - 1 == axis ? 3.0.squareRoot() : 0
                #expect(abs(gradients[3 * component + axis] - expected) < 1e-15)
            }
        }
    }

    @Test func softOneHotsAreThoseOfE3nn() throws {
        for item in try ReferenceCase.all("soft_one_hot_linspace") {
            let basis = SoftOneHot(
                try #require(SoftOneHot.Basis(rawValue: item.text("basis"))), from: try item.number("start"),
                to: try item.number("end"), count: try item.integer("number"), cutoff: item.isTrue("cutoff"))
            let (x, cotangent) = (try item.numbers("x"), try item.rows("cotangent"))
            #expect(relativeDifference(x.flatMap(basis.values), try item.numbers("values")) < agreement, "\(item)")
            let slopes = zip(x, cotangent).map { zip(basis.slopes($0), $1).reduce(0) { $0 + $1.0 * $1.1 } }
            #expect(relativeDifference(slopes, try item.numbers("gradient")) < agreement, "\(item)")
        }
        let step = try ReferenceCase.file("soft_one_hot_linspace").at("soft_unit_step")
        #expect(
            relativeDifference(
                try step.numbers("x").map { SoftOneHot.unitStep($0).value }, try step.numbers("values"))
                < agreement)
    }
}
