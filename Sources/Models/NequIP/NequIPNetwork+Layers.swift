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
        let averages = configuration.avgNumNeighbors
        let normalization = averages.count == 1 ? squaredNormalization(averages[0]) : 1
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
        let result = writer.builder.linear(x, weights, map)
        guard nequip.variant.scalarBiases, layer.input.multiplicity(of: .scalar) > 0 else { return result }
        let block = InteractionLayer.block(of: .scalar, in: layer.input)
        return biased(
            result, block..<block + 1, columns: Array(0..<layer.input.multiplicity(of: .scalar)),
            factor: 1 / normalization.squareRoot(), "layer\(index)_convnet.conv.linear_1.bias")
    }

    /// The square of what a sum over so many neighbours is divided by.
    private func squaredNormalization(_ average: Double) -> Double {
        nequip.variant.neighborNormalization == .root ? average : average * average
    }

    /// The same constants for every atom (or type), added to scalars in some blocks of a row.
    private mutating func biased(
        _ x: Program.Value, _ blocks: Range<Int>, columns: [Int], factor: Double, _ name: String
    ) -> Program.Value {
        let shape = writer.builder.program.shape(of: x)
        let scalars = shape.layout.slice(blocks)
        let map = LinearMap(
            input: .plain(1), output: scalars,
            terms: [(Layout.plain(1).blocks[0], scalars.joined(scalars.blocks.indices), factor)])
        var places = ParameterPlaces()
        places.add(rows: 1, columns: columns.count) { columns[$1] }
        let bias = writer.declare(
            name, .fixed(1), map.weights, shape: [columns.count], .given(columns.map { _ in 0 }), places)
        let ofTypes = writer.builder.embed(
            writer.builder.linear(writer.builder.fill(1, .fixed(types), .plain(1)), bias, map), blocks,
            in: shape.layout)
        return writer.builder.sum([
            x, shape.axis == .atoms ? writer.builder.gather(ofTypes, by: .speciesOfAtom) : ofTypes,
        ])
    }

    /// `1/√(average number of neighbours)` of the sender's type, where that is not one number (see `linear1`).
    mutating func normalized(_ x: Program.Value, _ layer: InteractionLayer) -> Program.Value {
        let averages = configuration.avgNumNeighbors
        guard averages.count > 1 else { return x }
        let scalars = Layout.features(layer.inputLayout.blocks.map { (0, $0.multiplicity) })
        let rows = averages.flatMap {
            Array(repeating: 1 / squaredNormalization($0).squareRoot(), count: scalars.width)
        }
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
        let result = writer.builder.linear(x, weights, map)
        guard nequip.variant.scalarBiases, let scalars = targets.first(where: { $0.irrep == .scalar }) else {
            return result
        }
        return biased(
            result, scalars.blocks, columns: gateColumns(scalars, layer), factor: 1,
            "layer\(index)_convnet.conv.linear_2.bias")
    }

    /// All blocks of a gate target as one matrix's columns.
    func gateBlock(_ target: InteractionLayer.GateTarget, _ layer: InteractionLayer) -> Layout.Block {
        target.irrep.l == 0
            ? layer.gateLayout.joined(target.blocks) : layer.gateLayout.blocks[target.blocks.lowerBound]
    }

    /// Positions of a gate target's channels within its joined block.
    func gateColumns(_ target: InteractionLayer.GateTarget, _ layer: InteractionLayer) -> [Int] {
        let first = layer.gateLayout.blocks[target.blocks.lowerBound].offset
        guard target.irrep.l == 0 else { return Array(0..<target.multiplicity) }
        return layer.gateLayout.blocks[target.blocks].flatMap { block in
            (0..<block.multiplicity).map { block.offset - first + $0 }
        }
    }
}
