import Testing

@testable import Equivariance

@Suite struct TensorProductPathTests {
    @Test func pathsAndTheirOutputsEqualNequIP() throws {
        let layers = try ReferenceData.load([ReferenceData.Layer].self, "nequip_paths")
        #expect(layers.count == 7)
        for layer in layers {
            let harmonics = try Irreps(parsing: layer.harmonics)
            let wanted = Set(try Irreps(parsing: layer.wanted).map(\.irrep))
            let paths = tensorProductPaths(
                input: try Irreps(parsing: layer.input), lMax: try #require(harmonics.lMax), output: wanted)
            let fields = paths.map { path -> [ReferenceData.Field] in
                [.index(path.inputBlock), .index(path.lHarmonic), .irreps("\(path.multiplicity)x\(path.output)")]
            }
            #expect(fields == layer.paths)
            #expect(TensorProductOutput(of: paths).irreps.description == layer.merged)
        }
    }

    @Test func weightsFollowThePaths() throws {
        let paths = tensorProductPaths(
            input: try Irreps(parsing: "4x0e+0x1e+3x1o"), lMax: 1, output: [.scalar, Irrep(l: 1, parity: .odd)])
        #expect(paths.map(\.weights) == [0..<4, 4..<8, 8..<11, 11..<14])
        #expect(paths.map(\.inputBlock) == [0, 0, 2, 2])
        #expect(paths.map(\.lOutput) == [0, 1, 1, 0])
        let output = TensorProductOutput(of: paths)
        #expect(output.irreps.description == "7x0e+7x1o")
        #expect(output.places.map(\.block) == [0, 1, 1, 0])
        #expect(output.places.map(\.firstChannel) == [0, 0, 4, 4])
    }

    @Test func withEvenHarmonicsOnlyTheTriangleRuleCounts() throws {
        let wanted = Set((0...2).map { Irrep(l: $0, parity: .even) })
        let paths = tensorProductPaths(
            input: try Irreps(parsing: "128x0e+64x1e+32x2e"), lMax: 2, output: wanted, vectorParity: .even)
        #expect(
            paths.map { [$0.lInput, $0.lHarmonic, $0.lOutput] } == [
                [0, 0, 0], [0, 1, 1], [0, 2, 2], [1, 0, 1], [1, 1, 0], [1, 1, 1], [1, 1, 2], [1, 2, 1], [1, 2, 2],
                [2, 0, 2], [2, 1, 1], [2, 1, 2], [2, 2, 0], [2, 2, 1], [2, 2, 2],
            ])
        #expect(TensorProductOutput(of: paths).irreps.description == "224x0e+384x1e+352x2e")
    }

    @Test func withoutAWantedOutputThereIsNoPath() throws {
        let paths = tensorProductPaths(
            input: try Irreps(parsing: "4x0e"), lMax: 2, output: [Irrep(l: 0, parity: .odd)])
        #expect(paths.isEmpty)
        #expect(TensorProductOutput(of: paths).irreps.isEmpty)
    }
}
