import Neighbors
import Testing

@Suite struct CutoffFunctionTests {
    @Test(arguments: [
        CutoffFunction.polynomial(power: 6), .polynomial(power: 2.5), .xplor(start: 0.8), .xplor(start: 0.3),
    ])
    func derivativesAreThoseOfTheValue(function: CutoffFunction) {
        let h = 1e-5
        for x in [0.11, 0.35, 0.62, 0.85, 0.93, 0.99] {
            let (below, above) = (function.valueAndSlope(at: x - h), function.valueAndSlope(at: x + h))
            #expect(abs((above.value - below.value) / (2 * h) - function.valueAndSlope(at: x).slope) < 1e-7)
            #expect(abs((above.slope - below.slope) / (2 * h) - function.curvature(at: x)) < 1e-6)
        }
    }

    @Test(arguments: [CutoffFunction.polynomial(power: 6), .xplor(start: 0.8)])
    func nothingIsLeftAtTheCutoff(function: CutoffFunction) {
        for x in [1, 1.5] {
            #expect(function.valueAndSlope(at: x) == (0, 0))
            #expect(function.curvature(at: x) == 0)
        }
    }
}
