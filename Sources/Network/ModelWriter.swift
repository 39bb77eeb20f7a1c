import Equivariance
import Foundation
import Programs

/// Writes a model down as a program. The forward pass reads like the paper; what it calls declares parameters.
struct ModelWriter {
    var builder = ProgramBuilder()
    /// Parameters' values by name.
    private(set) var inputs: [String: Program.Value] = [:]
    private var declared: [Parameter] = []
    /// Features after every layer of `energies(_:)`.
    private(set) var layerOutputs: [Program.Value] = []
    private let configuration: ModelConfiguration
    private let layers: [InteractionLayer]
    private var types: Int { configuration.typeNames.count }

    init(_ configuration: ModelConfiguration, _ layers: [InteractionLayer]) {
        self.configuration = configuration
        self.layers = layers
    }

    /// All parameters in the order of the model.
    func parameters() -> [Parameter] {
        var writer = self
        _ = writer.energies(.spline)
        return writer.declared
    }

    // MARK: The model

    /// The energy of every atom without its shift, `[atom][1]`.
    mutating func energies(_ radial: NequIPModel.RadialFunctions) -> Program.Value {
        let positions = builder.input("positions", .atoms, .plain(3))
        let strain = builder.input("strain", .structures, .plain(9))
        let vectors = builder.edgeVectors(positions: positions, strain: strain)
        let harmonics = builder.edgeFunction(.harmonics(lMax: configuration.lMax), of: vectors)
        let embedding = typeEmbedding()
        let radial = radialBasis(radial, vectors)

        var features = builder.gather(embedding, by: .speciesOfAtom)
        for (index, layer) in layers.enumerated() {
            let weights = radialWeights(radial, layer, index)
            let messages = normalized(linear1(features, layer, index), layer)
            let convolved = builder.convolve(
                messages, harmonics: harmonics, basis: radial.basis, table: weights, layer.convolution)
            var update = linear2(convolved, layer, index)
            if index > 0 { update = builder.sum([update, selfConnection(features, embedding, layer, index)]) }
            features = gate(update, layer)
            layerOutputs.append(features)
        }
        let scales = input("scales", .fixed(types), .plain(1))
        return builder.product(builder.gather(scales, by: .speciesOfAtom), readout(features))
    }

    /// `F = −dE/dx` and `W = −dE/dε` for the energies' cotangent.
    mutating func forcesAndVirial(
        of energies: Program.Value, cotangent: Program.Value
    ) -> (forces: Program.Value, virial: Program.Value) {
        let positions = builder.input("positions", .atoms, .plain(3))
        let strain = builder.input("strain", .structures, .plain(9))
        let gradients = builder.gradients(of: [(energies, cotangent)], to: [positions, strain])
        return (builder.scaled(gradients[0]!, by: -1), builder.scaled(gradients[1]!, by: -1))
    }

    /// `silu` and `tanh` on the scalars; every other channel times its gate.
    private mutating func gate(_ x: Program.Value, _ layer: InteractionLayer) -> Program.Value {
        let scalars = builder.pointwise(builder.slice(x, layer.activatedBlocks), layer.activations)
        if layer.gated.isEmpty { return scalars }
        let gated = builder.product(builder.slice(scalars, layer.gateBlocks), builder.slice(x, layer.gatedBlocks))
        let output = InteractionLayer.layout(layer.output)
        let passed = 0..<layer.scalars.count
        let scaled = builder.embed(gated, passed.upperBound..<output.blocks.count, in: output)
        if passed.isEmpty { return scaled }
        return builder.sum([builder.embed(builder.slice(scalars, passed), passed, in: output), scaled])
    }

    // MARK: Declaring parameters

    private mutating func input(_ name: String, _ axis: Axis, _ layout: Layout) -> Program.Value {
        let value = builder.input(name, axis, layout)
        inputs[name] = value
        return value
    }

    private mutating func declare(
        _ name: String, _ axis: Axis, _ layout: Layout, shape: [Int], _ distribution: Parameter.Distribution,
        isTrainable: Bool = true, _ places: ParameterPlaces
    ) -> Program.Value {
        declared.append(
            Parameter(name, shape: shape, distribution, isTrainable: isTrainable, places: places.places))
        return input(name, axis, layout)
    }

    /// One vector per type: the first features and, contracted with the self-connection's weights, the attributes.
    private mutating func typeEmbedding() -> Program.Value {
        let count = configuration.typeEmbedNumFeatures
        let layout = Layout.features([(0, count)])
        var places = ParameterPlaces()
        places.add(rows: types, columns: count) { $0 * layout.width + $1 }
        return declare(
            "type_embed.embed_module.weight", .fixed(types), layout, shape: [types, count], .normal, places)
    }

    /// Irreps to the same irreps, before the convolution; e3nn's `Linear`.
    private mutating func linear1(_ x: Program.Value, _ layer: InteractionLayer, _ index: Int) -> Program.Value {
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
        let weights = declare(
            "layer\(index)_convnet.conv.linear_1.weight", .fixed(1), map.weights, shape: [places.places.count],
            .normal, places)
        return builder.linear(x, weights, map)
    }

    /// `1/√(average number of neighbours)` of the sender's type, where that is not one number (see `linear1`).
    private mutating func normalized(_ x: Program.Value, _ layer: InteractionLayer) -> Program.Value {
        let averages = configuration.avgNumNeighbors
        guard averages.count > 1 else { return x }
        let scalars = Layout.features(layer.inputLayout.blocks.map { (0, $0.multiplicity) })
        let rows = averages.flatMap { Array(repeating: 1 / $0.squareRoot(), count: scalars.width) }
        let table = builder.constant(rows, .fixed(types), scalars)
        return builder.product(builder.gather(table, by: .speciesOfAtom), x)
    }

    /// From the merged irreps of all paths to the gate's input; e3nn's `Linear`.
    private mutating func linear2(_ x: Program.Value, _ layer: InteractionLayer, _ index: Int) -> Program.Value {
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
            precondition(rows.count == block.multiplicity)
            let columns = gateColumns(target, layer)
            places.add(rows: rows.count, columns: columns.count) {
                term.weightOffset + rows[$0] * term.output.stride + columns[$1]
            }
        }
        let weights = declare(
            "layer\(index)_convnet.conv.linear_2.weight", .fixed(1), map.weights, shape: [places.places.count],
            .normal, places)
        return builder.linear(x, weights, map)
    }

    /// The layer's own input with a matrix for every type, `Σ_v W[u, v, w] a_v`, contracted once per type, never per
    /// atom; e3nn's `FullyConnectedTensorProduct` with scalars.
    private mutating func selfConnection(
        _ x: Program.Value, _ embedding: Program.Value, _ layer: InteractionLayer, _ index: Int
    ) -> Program.Value {
        let targets = layer.gateTargets
        let pairs = layer.input.compactMap { block in targets.first { $0.irrep == block.irrep }.map { (block, $0) } }
        let attributes = configuration.typeEmbedNumFeatures
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
        let weights = declare(
            "layer\(index)_convnet.conv.sc.weight", .fixed(1), contraction.weights, shape: [places.places.count],
            .normal, places)
        return builder.linear(x, builder.linear(embedding, weights, contraction), map)
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

    // MARK: Radial functions

    private struct RadialBasis {
        /// Four numbers on every edge.
        var basis: Program.Value
        /// The network's input on knots, or on edges.
        var input: Program.Value
        var isSpline: Bool
    }

    private mutating func radialBasis(
        _ radial: NequIPModel.RadialFunctions, _ vectors: Program.Value
    ) -> RadialBasis {
        let coordinate = RadialCoordinate(rMax: configuration.rMax, pairCutoffs: configuration.perEdgeTypeCutoff)
        let count = configuration.numBessels
        let natural = (1...count).map(Double.init)
        var places = ParameterPlaces()
        places.add(rows: 1, columns: count) { $1 }
        let frequencies = declare(
            "bessel_encode.bessel_weights", .fixed(1), .plain(count), shape: [1, count], .given(natural),
            isTrainable: configuration.besselTrainable, places)
        switch radial {
        case .exact(let frequencies):
            let bessel = BesselBasis(
                rMax: configuration.rMax, frequencies: frequencies, p: configuration.polynomialCutoffP)
            return RadialBasis(
                basis: builder.edgeFunction(.ownRow, of: vectors),
                input: builder.edgeFunction(.bessel(coordinate, bessel), of: vectors), isSpline: false)
        case .spline:
            // sin(π n x) times the envelope, with x = 0 replaced by a number as good.
            let intervals = configuration.splineIntervals
            let bessel = BesselBasis(
                rMax: configuration.rMax, frequencies: natural, p: configuration.polynomialCutoffP)
            let knots = (0...intervals).map { max(Double($0) / Double(intervals), 1e-6) }
            let x = builder.constant(knots, .fixed(knots.count), .plain(1))
            let outer = LinearMap(input: .plain(1), output: .plain(count), terms: [(0, 0, Double.pi)])
            let sines = builder.pointwise(builder.linear(x, frequencies, outer), [Activation(.sine)])
            let envelope = builder.constant(
                knots.flatMap { x in Array(repeating: bessel.envelope(x), count: count) }, .fixed(knots.count),
                .plain(count))
            return RadialBasis(
                basis: builder.edgeFunction(.spline(coordinate, intervals: intervals), of: vectors),
                input: builder.product(envelope, sines), isSpline: true)
        }
    }

    /// The radial network of a layer: spline coefficients of its values on knots, or its values on edges.
    private mutating func radialWeights(_ radial: RadialBasis, _ layer: InteractionLayer, _ index: Int)
        -> Program.Value
    {
        let columns = zip(layer.paths, layer.convolution.paths).flatMap { path, place in
            (0..<path.multiplicity).map { place.weightOffset + $0 }
        }
        let values = perceptron(
            radial.input, name: "layer\(index)_convnet.conv.edge_mlp.mlp", inputs: configuration.numBessels,
            inputLayout: .plain(configuration.numBessels),
            hidden: Array(repeating: configuration.radialMLPWidth, count: configuration.radialMLPDepth),
            output: layer.convolution.weights, columns: columns)
        return radial.isSpline ? builder.splineCoefficients(values) : values
    }

    /// NequIP's `ScalarMLP`: linear maps without bias, `silu` between them, uniform weights times 1/√fan_in, with a
    /// gain of √2 after the first.
    private mutating func perceptron(
        _ x: Program.Value, name: String, inputs: Int, inputLayout: Layout, hidden: [Int], output: Layout,
        columns: [Int]
    ) -> Program.Value {
        var x = x
        var (layout, fanIn) = (inputLayout, inputs)
        for (depth, width) in (hidden + [columns.count]).enumerated() {
            let isLast = depth == hidden.count
            let next = isLast ? output : Layout.features([(0, width)])
            let factor = (depth == 0 ? 1 : 2.0.squareRoot()) / Double(fanIn).squareRoot()
            let map = LinearMap(input: layout, output: next, terms: [(0, 0, factor)])
            var places = ParameterPlaces()
            places.add(rows: fanIn, columns: width) { $0 * next.width + (isLast ? columns[$1] : $1) }
            let weights = declare(
                "\(name).\(2 * depth).weight", .fixed(1), map.weights, shape: [fanIn, width], .uniform, places)
            x = builder.linear(x, weights, map)
            if !isLast { x = builder.pointwise(x, [Activation(.silu)]) }
            (layout, fanIn) = (next, width)
        }
        return x
    }

    private mutating func readout(_ x: Program.Value) -> Program.Value {
        let channels = configuration.numFeatures[0]
        let width = configuration.readoutMLPHiddenLayersWidth ?? channels
        return perceptron(
            x, name: "per_atom_energy_readout.mlp_module.mlp", inputs: channels,
            inputLayout: .features([(0, channels)]),
            hidden: Array(repeating: width, count: configuration.readoutMLPHiddenLayersDepth), output: .plain(1),
            columns: [0])
    }
}
