import Equivariance
import Foundation
import Layers
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
        let vectors = edgeVectors().vectors
        let harmonics = builder.edgeFunction(.harmonics(lMax: configuration.lMax), of: vectors)
        let embedding = typeEmbedding()
        let radial = radialInput(radial, vectors)

        // Of every type, before the first layer; of every atom after it.
        var features = embedding
        for (index, layer) in layers.enumerated() {
            let weights = radialWeights(radial, layer, index)
            let messages = messages(of: features, layer, index)
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

    /// `F = −dE/dx` of atoms and ghosts, `W = −dE/dε`, and `dE/dr` of every edge vector for the energies' cotangent.
    mutating func forcesAndVirial(
        of energies: Program.Value, cotangent: Program.Value
    ) -> (forces: Program.Value, virial: Program.Value, edgeGradient: Program.Value) {
        let (positions, strain, vectors) = edgeVectors()
        let gradients = builder.gradients(of: [(energies, cotangent)], to: [positions, strain, vectors])
        return (builder.scaled(gradients[0]!, by: -1), builder.scaled(gradients[1]!, by: -1), gradients[2]!)
    }

    mutating func edgeVectors() -> (positions: Program.Value, strain: Program.Value, vectors: Program.Value) {
        let positions = builder.input("positions", .sources, .plain(3))
        let strain = builder.input("strain", .structures, .plain(9))
        return (positions, strain, builder.edgeVectors(positions: positions, strain: strain))
    }

    /// What atoms and ghosts send to their neighbours. In the first layer it depends on the type alone, so it is known
    /// of ghosts too; later their messages come from where they are atoms.
    private mutating func messages(of x: Program.Value, _ layer: InteractionLayer, _ index: Int) -> Program.Value {
        let sent = normalized(linear1(x, layer, index), layer)
        return index == 0 ? builder.gather(sent, by: .speciesOfSource) : builder.fillGhosts(sent)
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
        declared.append(Parameter(name, shape: shape, distribution, isTrainable: isTrainable, places))
        return input(prefix + name, axis, layout)
    }
}
