import Equivariance
import Layers
import Programs

/// The linear pieces of a layer, in e3nn's conventions, and their parameters in NequIP's order.
extension NequIPNetwork {
    /// One vector per type: the first features and, contracted with the self-connection's weights, the attributes.
    mutating func typeEmbedding() -> Program.Value {
        let count = nequip.typeEmbedNumFeatures
        let layout = Layout.features([(0, count)])
        var places = ParameterPlaces()
        for type in 0..<types { places.add(rows: 1, columns: count) { type * layout.width + $1 } }
        return writer.declare(
            "type_embed.embed_module.weight", .fixed(types), layout, shape: [types, count], .normal, places)
    }

    /// Irreps to the same irreps, before the convolution; e3nn's `Linear`.
    mutating func linear1(_ x: Program.Value, _ layer: InteractionLayer, _ index: Int) -> Program.Value {
        let blocks = layer.input.map { block in
            (block, layer.inputLayout.blocks[InteractionLayer.block(of: block.irrep, in: layer.input)])
        }
        let normalization = configuration.avgNumNeighbors.count == 1 ? configuration.avgNumNeighbors[0] : 1
        let map = LinearMap(
            input: layer.inputLayout, output: layer.inputLayout,
            terms: blocks.map { ($1, $1, 1 / (Double($0.multiplicity) * normalization).squareRoot()) })
        var places = ParameterPlaces()
        for ((block, _), term) in zip(blocks, map.terms) {
            places.add(rows: block.multiplicity, columns: block.multiplicity) {
                term.weightOffset + $0 * term.output.stride + $1
            }
        }
        let weights = writer.declare(
            "layer\(index)_convnet.conv.linear_1.weight", .fixed(1), map.weights, shape: [places.places.count],
            .normal, places)
        return writer.builder.linear(x, weights, map)
    }

    /// `1/√(average number of neighbours)` of the sender's type, where that is not one number (see `linear1`).
    mutating func normalized(_ x: Program.Value, _ layer: InteractionLayer) -> Program.Value {
        let averages = configuration.avgNumNeighbors
        guard averages.count > 1 else { return x }
        let scalars = Layout.features(layer.inputLayout.blocks.map { (0, $0.multiplicity) })
        let rows = averages.flatMap { Array(repeating: 1 / $0.squareRoot(), count: scalars.width) }
        let table = writer.builder.constant(rows, .fixed(types), scalars)
        let isByType = writer.builder.program.shape(of: x).axis == .fixed(types)
        return writer.builder.product(isByType ? table : writer.builder.gather(table, by: .speciesOfAtom), x)
    }

    /// From the merged irreps of all paths to the gate's input; e3nn's `Linear`.
    mutating func linear2(_ x: Program.Value, _ layer: InteractionLayer, _ index: Int) -> Program.Value {
        let targets = layer.gateTargets
        let pairs = layer.convolved.irreps.enumerated().compactMap { group, block in
            targets.first { $0.irrep == block.irrep }.map { (group, block, $0) }
        }
        let map = LinearMap(
            input: layer.convolution.output, output: layer.gateLayout,
            terms: pairs.map { group, block, target in
                (
                    layer.convolution.output.blocks[group], gateBlock(target, layer),
                    1 / Double(block.multiplicity).squareRoot()
                )
            })
        var places = ParameterPlaces()
        for ((group, block, target), term) in zip(pairs, map.terms) {
            // Channels of the merged block without the padding of each path.
            let rows = layer.paths.indices.filter { layer.convolved.places[$0].block == group }.flatMap { index in
                let first = layer.convolution.paths[index].output.offset - term.input.offset
                return (0..<layer.paths[index].multiplicity).map { first + $0 }
            }
            precondition(
                rows.count == block.multiplicity,
                "expected \(block.multiplicity) channels of \(block.irrep), got \(rows.count)")
            let columns = gateColumns(target, layer)
            places.add(rows: rows.count, columns: columns.count) {
                term.weightOffset + rows[$0] * term.output.stride + columns[$1]
            }
        }
        let weights = writer.declare(
            "layer\(index)_convnet.conv.linear_2.weight", .fixed(1), map.weights, shape: [places.places.count],
            .normal, places)
        return writer.builder.linear(x, weights, map)
    }

    /// The layer's own input with a matrix for every type, `Σ_v W[u, v, w] a_v`, contracted once per type, never per
    /// atom; e3nn's `FullyConnectedTensorProduct` with scalars.
    mutating func selfConnection(
        _ x: Program.Value, _ embedding: Program.Value, _ layer: InteractionLayer, _ index: Int
    ) -> Program.Value {
        let targets = layer.gateTargets
        let pairs = layer.input.compactMap { block in targets.first { $0.irrep == block.irrep }.map { (block, $0) } }
        let attributes = nequip.typeEmbedNumFeatures
        let map = LinearMap(
            input: layer.inputLayout, output: layer.gateLayout,
            terms: pairs.map { block, target in
                (
                    layer.inputLayout.blocks[InteractionLayer.block(of: block.irrep, in: layer.input)],
                    gateBlock(target, layer), 1 / Double(block.multiplicity * attributes).squareRoot()
                )
            }, isPerSpecies: true)
        let embeddingLayout = Layout.features([(0, attributes)])
        let contraction = LinearMap(
            input: embeddingLayout, output: map.weights, terms: [(0, 0, 1)])
        var places = ParameterPlaces()
        for ((block, target), term) in zip(pairs, map.terms) {
            let columns = gateColumns(target, layer)
            places.add(rows: block.multiplicity * attributes, columns: columns.count) { row, column in
                let (u, v) = (row / attributes, row % attributes)
                return v * map.weights.width + term.weightOffset + u * term.output.stride + columns[column]
            }
        }
        let weights = writer.declare(
            "layer\(index)_convnet.conv.sc.weight", .fixed(1), contraction.weights, shape: [places.places.count],
            .normal, places)
        return writer.builder.linear(x, writer.builder.linear(embedding, weights, contraction), map)
    }

    /// All blocks of a gate target as one matrix's columns.
    private func gateBlock(_ target: InteractionLayer.GateTarget, _ layer: InteractionLayer) -> Layout.Block {
        target.irrep.l == 0
            ? layer.gateLayout.joined(target.blocks) : layer.gateLayout.blocks[target.blocks.lowerBound]
    }

    /// Positions of a gate target's channels within its joined block.
    private func gateColumns(_ target: InteractionLayer.GateTarget, _ layer: InteractionLayer) -> [Int] {
        let first = layer.gateLayout.blocks[target.blocks.lowerBound].offset
        guard target.irrep.l == 0 else { return Array(0..<target.multiplicity) }
        return layer.gateLayout.blocks[target.blocks].flatMap { block in
            (0..<block.multiplicity).map { block.offset - first + $0 }
        }
    }
}
