import Equivariance
import Layers
import Programs

/// What an atom's own features add to those of the next layer.
extension NequIPNetwork {
    /// The layer's own input with a matrix for every type, or one for all.
    mutating func selfConnection(
        _ x: Program.Value, _ embedding: Program.Value, _ layer: InteractionLayer, _ index: Int
    ) -> Program.Value {
        switch nequip.variant.selfConnection {
        case .embedding: embeddedSelfConnection(x, embedding, layer, index)
        case .types: selfConnection(x, layer, index, isPerType: true)
        case .linear: selfConnection(x, layer, index, isPerType: false)
        }
    }

    /// That of the first layer, whose input depends on the type alone: one map for all, or what it gives for each type.
    mutating func firstSelfConnection(_ embedding: Program.Value, _ layer: InteractionLayer) -> Program.Value {
        if nequip.variant.selfConnection == .linear {
            let ofTypes = selfConnection(embedding, layer, 0, isPerType: false)
            return writer.builder.gather(ofTypes, by: .speciesOfAtom)
        }
        guard let target = layer.gateTargets.first(where: { $0.irrep == .scalar }) else {
            preconditionFailure("expected scalars in every layer")
        }
        let (layout, columns) = (layer.gateLayout.slice(target.blocks), gateColumns(target, layer))
        var places = ParameterPlaces()
        for type in 0..<types { places.add(rows: 1, columns: columns.count) { type * layout.width + columns[$1] } }
        let table = writer.declare(
            "layer0_convnet.conv.sc.weight", .fixed(types), layout, shape: [types, columns.count], .normal, places)
        return writer.builder.gather(
            writer.builder.embed(table, target.blocks, in: layer.gateLayout), by: .speciesOfAtom)
    }

    /// A matrix for each irrep, of each type or of all; e3nn's `Linear`.
    private mutating func selfConnection(
        _ x: Program.Value, _ layer: InteractionLayer, _ index: Int, isPerType: Bool
    ) -> Program.Value {
        let targets = layer.gateTargets
        let pairs = layer.input.compactMap { block in targets.first { $0.irrep == block.irrep }.map { (block, $0) } }
        let map = LinearMap(
            input: layer.inputLayout, output: layer.gateLayout,
            terms: pairs.map { block, target in
                (
                    layer.inputLayout.blocks[InteractionLayer.block(of: block.irrep, in: layer.input)],
                    gateBlock(target, layer), 1 / Double(block.multiplicity).squareRoot()
                )
            }, isPerSpecies: isPerType)
        var places = ParameterPlaces()
        for type in 0..<(isPerType ? types : 1) {
            for ((block, target), term) in zip(pairs, map.terms) {
                let columns = gateColumns(target, layer)
                places.add(rows: block.multiplicity, columns: columns.count) { row, column in
                    type * map.weights.width + term.weightOffset + row * term.output.stride + columns[column]
                }
            }
        }
        let weights = writer.declare(
            "layer\(index)_convnet.conv.sc.weight", .fixed(isPerType ? types : 1), map.weights,
            shape: isPerType ? [types, places.places.count / types] : [places.places.count], .normal, places)
        return writer.builder.linear(x, weights, map)
    }

    /// The layer's own input with a matrix for every type, `Σ_v W[u, v, w] a_v`, contracted once per type, never per
    /// atom; e3nn's `FullyConnectedTensorProduct` with scalars.
    private mutating func embeddedSelfConnection(
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
}
