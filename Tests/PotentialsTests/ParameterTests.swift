import CPUExecutor
import Files
import Testing

@testable import Layers
@testable import Models
@testable import Potentials

@Suite struct Parameters {
    /// What an optimiser of matrices relies on: no weight is forgotten, none belongs to two.
    @Test(arguments: ModelSample.all) func matricesHoldEveryNumberOnce(_ sample: ModelSample) throws {
        for parameter in try Model(sample.configuration).parameters {
            var counts = [Int](repeating: 0, count: parameter.count)
            for matrix in parameter.matrices {
                for row in 0..<matrix.rows {
                    for column in 0..<matrix.columns { counts[matrix.offset + row * matrix.stride + column] += 1 }
                }
            }
            #expect(counts.allSatisfy { $0 == 1 }, "\(parameter.name)")
        }
    }

    /// One radial function for every path and channel, one map for every irrep.
    @Test func matricesAreTheMapsOfPathsAndIrreps() throws {
        var configuration = ModelSample.all[1].configuration
        (configuration.nequip.lMax, configuration.nequip.parity, configuration.nequip.numFeatures) = (
            1, false, [6, 4]
        )
        let parameters = try Model(configuration).parameters
        func sizes(_ name: String) throws -> [[Int]] {
            try #require(parameters.first { $0.name == name }).matrices.map { [$0.rows, $0.columns] }
        }
        // Paths 0e×0e→0e, 0e×1o→1o, 1o×0e→1o, 1o×1o→0e; the last layer makes scalars only, without gates.
        #expect(
            try sizes("layer1_convnet.conv.edge_mlp.mlp.2.weight").sorted { $0[1] < $1[1] } == [[8, 4], [8, 6]])
        #expect(try sizes("layer0_convnet.conv.linear_1.weight") == [[5, 5]])
        #expect(try sizes("type_embed.embed_module.weight") == [[1, 5], [1, 5]])
        #expect(try sizes("bessel_encode.bessel_weights") == [[1, 8]])
    }
}
