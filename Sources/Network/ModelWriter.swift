import Equivariance
import Foundation
import Programs

/// Writes a model down as a program. The forward pass reads like the paper; what it calls declares parameters.
struct ModelWriter {
    var builder = ProgramBuilder()
    /// Parameters' values by name.
    private(set) var inputs: [String: Program.Value] = [:]
    /// What names of parameters begin with: that of a member, in a committee.
    var prefix = ""
    private var declared: [Parameter] = []
    /// Features after every layer of `energies(_:)`.
    private(set) var layerOutputs: [Program.Value] = []
    let configuration: ModelConfiguration
    private let layers: [InteractionLayer]
    var types: Int { configuration.typeNames.count }

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
        let radial = radialInput(radial, vectors)

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

    mutating func input(_ name: String, _ axis: Axis, _ layout: Layout) -> Program.Value {
        let value = builder.input(name, axis, layout)
        inputs[name] = value
        return value
    }

    /// A parameter as a value; it is remembered in the order of declaration.
    mutating func declare(
        _ name: String, _ axis: Axis, _ layout: Layout, shape: [Int], _ distribution: Parameter.Distribution,
        isTrainable: Bool = true, _ places: ParameterPlaces
    ) -> Program.Value {
        declared.append(
            Parameter(name, shape: shape, distribution, isTrainable: isTrainable, places: places.places))
        return input(prefix + name, axis, layout)
    }
}
