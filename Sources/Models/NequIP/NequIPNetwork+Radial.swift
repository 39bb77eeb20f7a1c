import Equivariance
import Foundation
import Layers
import Programs

/// Radial functions and readout: small networks of scalars.
extension NequIPNetwork {
    /// What the radial weights of all layers are made from.
    struct RadialInput {
        /// Four numbers on every edge.
        var basis: Program.Value
        /// The network's input on knots, or on edges.
        var values: Program.Value
        /// Of the spline, if it is one.
        var knots: SplineKnots?
    }

    mutating func radialInput(_ vectors: Program.Value) -> RadialInput {
        let coordinate = RadialCoordinate(rMax: configuration.rMax, pairCutoffs: configuration.perEdgeTypeCutoff)
        let count = nequip.numBessels
        let cutoff = nequip.cutoffFunction(configuration)
        let natural = (1...count).map(Double.init)
        let frequencies = besselFrequencies()
        switch nequip.radialFunctions {
        case .exact(let frequencies):
            precondition(
                nequip.variant.normalizedHarmonics, "expected harmonics of unit vectors with exact functions")
            let bessel = BesselBasis(
                rMax: configuration.rMax, frequencies: frequencies, cutoff: cutoff)
            return RadialInput(
                basis: writer.builder.radialBasis(.ownRow, of: vectors),
                values: writer.builder.edgeFunction(.bessel(coordinate, bessel), of: vectors), knots: nil)
        case .spline:
            let splineKnots = nequip.splineKnots(configuration)
            let bessel = BesselBasis(rMax: configuration.rMax, frequencies: natural, cutoff: cutoff)
            let values = besselFunctions(at: splineKnots.coordinates, bessel, frequencies)
            return RadialInput(
                basis: writer.builder.radialBasis(
                    .spline(coordinate, splineKnots), of: writer.builder.edgeFunction(.distance, of: vectors)
                ),
                values: values, knots: splineKnots)
        }
    }

    /// sin(π n x) times the envelope, with x = 0 replaced by a number as good.
    private mutating func besselFunctions(
        at coordinates: [Double], _ bessel: BesselBasis, _ frequencies: Program.Value
    ) -> Program.Value {
        let count = bessel.frequencies.count
        let knots = coordinates.map { max($0, 1e-6) }
        let x = writer.builder.constant(knots, .fixed(knots.count), .plain(1))
        let outer = LinearMap(input: .plain(1), output: .plain(count), terms: [(0, 0, Double.pi)])
        let sines = writer.builder.pointwise(writer.builder.linear(x, frequencies, outer), [Activation(.sine)])
        let envelope = writer.builder.constant(
            knots.flatMap { x in Array(repeating: bessel.envelope(x), count: count) }, .fixed(knots.count),
            .plain(count))
        return writer.builder.product(envelope, sines)
    }

    /// The radial functions of every layer at given coordinates, `layer K`; as splines see them at their knots.
    mutating func radialFunctions(at coordinates: [Double]) -> [String: Program.Value] {
        let frequencies = besselFrequencies()
        let bessel = BesselBasis(
            rMax: configuration.rMax, frequencies: (1...nequip.numBessels).map(Double.init),
            cutoff: nequip.cutoffFunction(configuration))
        let basis = besselFunctions(at: coordinates, bessel, frequencies)
        var outputs: [String: Program.Value] = [:]
        for (index, layer) in layers.enumerated() {
            outputs["layer \(index)"] = scaledByHarmonics(radialNetwork(basis, layer, index), coordinates, layer)
        }
        return outputs
    }

    private mutating func besselFrequencies() -> Program.Value {
        let count = nequip.numBessels
        var places = ParameterPlaces()
        places.add(rows: 1, columns: count) { $1 }
        return writer.declare(
            "bessel_encode.bessel_weights", .fixed(1), .plain(count), shape: [1, count],
            .given((1...count).map(Double.init)), isTrainable: nequip.besselTrainable, places)
    }

    /// The radial network of a layer: spline coefficients of its values on knots, or its values on edges.
    mutating func radialWeights(_ radial: RadialInput, _ layer: InteractionLayer, _ index: Int)
        -> Program.Value
    {
        let values = radialNetwork(radial.values, layer, index)
        guard let knots = radial.knots else { return values }
        return writer.builder.splineCoefficients(scaledByHarmonics(values, knots.coordinates, layer), knots)
    }

    private mutating func radialNetwork(_ values: Program.Value, _ layer: InteractionLayer, _ index: Int)
        -> Program.Value
    {
        let columns = zip(layer.paths, layer.convolution.paths).flatMap { path, place in
            (0..<path.multiplicity).map { place.weightOffset + $0 }
        }
        return perceptron(
            values, name: "layer\(index)_convnet.conv.edge_mlp.mlp", inputs: nequip.numBessels,
            inputLayout: .plain(nequip.numBessels),
            hidden: Array(repeating: nequip.radialMLPWidth, count: nequip.radialMLPDepth),
            output: layer.convolution.weights, columns: columns, parts: layer.paths.map(\.multiplicity))
    }

    /// Where harmonics grow as r^l, l of each path's, the radial weights take the power, and harmonics stay those of
    /// unit vectors. Where pairs have cutoffs of their own, r is that share of `r_max`.
    private mutating func scaledByHarmonics(
        _ values: Program.Value, _ coordinates: [Double], _ layer: InteractionLayer
    ) -> Program.Value {
        guard !nequip.variant.normalizedHarmonics else { return values }
        let layout = layer.convolution.weights
        let powers = coordinates.flatMap { x in
            var row = [Double](repeating: 0, count: layout.width)
            for (path, place) in zip(layer.paths, layer.convolution.paths) {
                for channel in 0..<path.multiplicity {
                    row[place.weightOffset + channel] = pow(configuration.rMax * x, Double(path.lHarmonic))
                }
            }
            return row
        }
        return writer.builder.product(writer.builder.constant(powers, .fixed(coordinates.count), layout), values)
    }

    /// NequIP's `ScalarMLP`: linear maps without bias, `silu` between them, uniform weights times 1/√fan_in, with a
    /// gain of √2 after the first.
    private mutating func perceptron(
        _ x: Program.Value, name: String, inputs: Int, inputLayout: Layout, hidden: [Int], output: Layout,
        columns: [Int], parts: [Int]? = nil
    ) -> Program.Value {
        var x = x
        var (layout, fanIn) = (inputLayout, inputs)
        for (depth, width) in (hidden + [columns.count]).enumerated() {
            let isLast = depth == hidden.count
            let next = isLast ? output : Layout.features([(0, width)])
            let factor = (depth == 0 ? 1 : 2.0.squareRoot()) / Double(fanIn).squareRoot()
            let map = LinearMap(input: layout, output: next, terms: [(0, 0, factor)])
            var places = ParameterPlaces()
            places.add(rows: fanIn, columns: width, parts: isLast ? parts : nil) {
                $0 * next.width + (isLast ? columns[$1] : $1)
            }
            let weights = writer.declare(
                "\(name).\(2 * depth).weight", .fixed(1), map.weights, shape: [fanIn, width], .uniform, places)
            x = writer.builder.linear(x, weights, map)
            if !isLast { x = writer.builder.pointwise(x, [Activation(.silu)]) }
            (layout, fanIn) = (next, width)
        }
        return x
    }

    /// A perceptron of the even scalars, or a linear map of the vectors to one.
    mutating func readout(_ head: Head, _ x: Program.Value) -> Program.Value {
        let features = layers[layers.count - 1].output
        let layout = InteractionLayer.layout(features)
        guard head.shape == .scalar else {
            let channels = nequip.numFeatures[1]
            let block = layout.blocks[InteractionLayer.block(of: .vector, in: features)]
            let output = Layout.features([(1, 1)])
            let map = LinearMap(
                input: layout, output: output, terms: [(block, output.blocks[0], 1 / Double(channels).squareRoot())])
            var places = ParameterPlaces()
            places.add(rows: channels, columns: 1) { row, _ in row * output.blocks[0].stride }
            let weights = writer.declare(
                "\(head.name)_readout.weight", .fixed(1), map.weights, shape: [channels, 1], .normal, places)
            return writer.builder.linear(x, weights, map)
        }
        let place = InteractionLayer.block(of: .scalar, in: features)
        let scalars = layout.blocks.count == 1 ? x : writer.builder.slice(x, place..<place + 1)
        let channels = nequip.numFeatures[0]
        let width = nequip.readoutMLPHiddenLayersWidth ?? channels
        let name = head == .energy ? "per_atom_energy" : head.name
        return perceptron(
            scalars, name: "\(name)_readout.mlp_module.mlp", inputs: channels,
            inputLayout: .features([(0, channels)]),
            hidden: Array(repeating: width, count: nequip.readoutMLPHiddenLayersDepth), output: .plain(1),
            columns: [0])
    }
}
