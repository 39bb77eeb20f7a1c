import Equivariance
import Foundation
import Layers
import Programs

/// A NequIP model (Batzner et al., Nat. Commun. 13, 2453 (2022)) with its hyperparameters: the irreps of its layers,
/// its parameters, and the programs that compute energies, forces and training gradients.
public struct NequIPModel: Sendable {
    public let configuration: ModelConfiguration
    public let parameters: [Parameter]
    let layers: [InteractionLayer]

    /// How radial weights are evaluated.
    public enum RadialFunctions: Sendable {
        /// Cubic splines through the radial network's values on knots, as the model is defined for training and MD.
        case spline
        /// The radial network on every edge with these Bessel frequencies: the reference, for tests.
        case exact(frequencies: [Double])
    }

    /// A model of more weights would take more than 10 GB to train.
    private static let largestWeightCount = 100_000_000

    /// Throws a `ModelError` if the configuration is not valid or the model too large.
    public init(_ configuration: ModelConfiguration) throws {
        let weights = try Self.weightCount(configuration)
        guard weights <= Self.largestWeightCount else {
            throw ModelError(
                "num_features: the model would have \(weights) weights, expected at most \(Self.largestWeightCount)")
        }
        self.configuration = configuration
        layers = Self.layers(configuration)
        parameters = ModelWriter(configuration, layers).parameters()
    }

    private static func layers(_ configuration: ModelConfiguration) -> [InteractionLayer] {
        let channels = configuration.numFeatures
        let hidden = Irreps(
            (0...configuration.lMax).flatMap { l -> [Irreps.Block] in
                let natural = Parity.odd.power(l)
                let parities: [Parity] = configuration.parity ? [.even, .odd] : [natural]
                return parities.map { Irreps.Block(channels[l], Irrep(l: l, parity: $0)) }
            })
        let last = Irreps([Irreps.Block(channels[0], .scalar)])
        var layers: [InteractionLayer] = []
        var input = Irreps([Irreps.Block(configuration.typeEmbedNumFeatures, .scalar)])
        for index in 0..<configuration.numLayers {
            let layer = InteractionLayer(
                input: input, hidden: index == configuration.numLayers - 1 ? last : hidden, lMax: configuration.lMax)
            layers.append(layer)
            input = layer.output
        }
        return layers
    }

    /// The total number of weights.
    public var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }

    /// The number of weights that a configuration asks for, found without making room for them. Throws as `init` does.
    public static func weightCount(_ configuration: ModelConfiguration) throws -> Int {
        try configuration.validate()
        func perceptron(_ inputs: Int, width: Int, depth: Int, outputs: Int) -> Int {
            let widths = [inputs] + Array(repeating: width, count: depth) + [outputs]
            return zip(widths, widths.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 }
        }
        let (channels, attributes) = (configuration.numFeatures[0], configuration.typeEmbedNumFeatures)
        var count = configuration.typeNames.count * attributes + configuration.numBessels
        count += perceptron(
            channels, width: configuration.readoutMLPHiddenLayersWidth ?? channels,
            depth: configuration.readoutMLPHiddenLayersDepth, outputs: 1)
        for (index, layer) in layers(configuration).enumerated() {
            func toGate(_ block: Irreps.Block) -> Int {
                block.multiplicity * (layer.gateTargets.first { $0.irrep == block.irrep }?.multiplicity ?? 0)
            }
            count += layer.input.reduce(0) { $0 + $1.multiplicity * $1.multiplicity }
            count += layer.convolved.irreps.reduce(0) { $0 + toGate($1) }
            if index > 0 { count += layer.input.reduce(0) { $0 + attributes * toGate($1) } }
            count += perceptron(
                configuration.numBessels, width: configuration.radialMLPWidth, depth: configuration.radialMLPDepth,
                outputs: layer.paths.reduce(0) { $0 + $1.multiplicity })
        }
        return count
    }

    /// Stage 0: atomic energies (`atomic energies`, network part scaled by type, without shifts), `forces` (of ghosts
    /// too) and `virial`. Stage 1, for those who want them: `atomic virials`, the shares of atoms and ghosts in it.
    ///
    /// With several `members` all of these, and all parameters, have names that begin with `Self.prefix(_:of:)`. What
    /// does not depend on weights — edge vectors, harmonics, radial coordinates — is computed once for all.
    public func evaluationProgram(
        _ radial: RadialFunctions = .spline, members: Int = 1, simplifying: Bool = true
    ) -> Program {
        var writer = ModelWriter(configuration, layers)
        var outputs: [String: Program.Value] = [:]
        var edgeGradients: [Program.Value] = []
        for member in 0..<members {
            writer.prefix = Self.prefix(member, of: members)
            let energies = writer.energies(radial)
            let ones = writer.builder.fill(1, .atoms, .plain(1))
            let gradients = writer.forcesAndVirial(of: energies, cotangent: ones)
            outputs[writer.prefix + "atomic energies"] = energies
            outputs[writer.prefix + "forces"] = gradients.forces
            outputs[writer.prefix + "virial"] = gradients.virial
            edgeGradients.append(gradients.edgeGradient)
        }
        writer.builder.beginStage()
        let vectors = writer.edgeVectors().vectors
        for (member, gradient) in edgeGradients.enumerated() {
            outputs[Self.prefix(member, of: members) + "atomic virials"] =
                writer.builder.atomicVirials(vectors, gradient)
        }
        return writer.builder.finish(outputs: outputs, simplifying: simplifying)
    }

    /// What the names of a committee's member begin with; nothing for a single model.
    public static func prefix(_ member: Int, of members: Int) -> String { members > 1 ? "member.\(member)." : "" }

    /// Stage 0: `energies` (by structure, without shifts), `forces` and `virial`. Stage 1, after `energies cotangent`,
    /// `forces cotangent` and `virial cotangent` are bound: the gradient of any loss on them, as `gradient NAME` for
    /// every trainable parameter that is not `frozen`.
    public func trainingProgram(frozen: Set<String> = [], simplifying: Bool = true) -> Program {
        var writer = ModelWriter(configuration, layers)
        let atomic = writer.energies(.spline)
        let energies = writer.builder.segmentSum(atomic, by: .structureOfAtom, into: .structures)
        let ones = writer.builder.fill(1, .structures, .plain(1))
        let (forces, virial, _) = writer.forcesAndVirial(of: energies, cotangent: ones)
        writer.builder.beginStage()
        let targets = [
            (energies, writer.builder.input("energies cotangent", .structures, .plain(1))),
            (forces, writer.builder.input("forces cotangent", .sources, .plain(3))),
            (virial, writer.builder.input("virial cotangent", .structures, .plain(9))),
        ]
        let trainable = parameters.filter { $0.isTrainable && !frozen.contains($0.name) }
        let gradients = writer.builder.gradients(of: targets, to: trainable.map { writer.inputs[$0.name]! })
        var outputs = ["energies": energies, "forces": forces, "virial": virial]
        for (parameter, gradient) in zip(trainable, gradients) { outputs["gradient \(parameter.name)"] = gradient }
        return writer.builder.finish(outputs: outputs, simplifying: simplifying)
    }
}
