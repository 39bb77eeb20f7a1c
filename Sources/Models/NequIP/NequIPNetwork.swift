import Equivariance
import Foundation
import Layers
import Programs

/// Writes a NequIP model down as a program. The forward pass reads like the paper; what it calls declares parameters.
struct NequIPNetwork {
    var writer: ModelWriter
    let nequip: NequIP
    let configuration: ModelConfiguration
    let layers: [InteractionLayer]
    var types: Int { writer.types }

    init(_ nequip: NequIP, _ configuration: ModelConfiguration, _ writer: ModelWriter) {
        self.nequip = nequip
        self.configuration = configuration
        self.writer = writer
        layers = nequip.interactionLayers(for: configuration.heads)
    }

    /// Of every atom after each layer.
    mutating func features() -> [Program.Value] {
        let vectors = writer.edgeVectors().vectors
        let harmonics = writer.builder.edgeFunction(.harmonics(lMax: nequip.lMax), of: vectors)
        let embedding = typeEmbedding()
        let radial = radialInput(vectors)

        // Of every type, before the first layer; of every atom after it.
        var (features, outputs) = (embedding, [Program.Value]())
        for (index, layer) in layers.enumerated() {
            let weights = radialWeights(radial, layer, index)
            let messages = messages(of: features, layer, index)
            let convolved = writer.builder.convolve(
                messages, harmonics: harmonics, basis: radial.basis, table: weights, layer.convolution)
            var update = linear2(convolved, layer, index)
            if index > 0 {
                update = writer.builder.sum([update, selfConnection(features, embedding, layer, index)])
            } else if nequip.variant.firstSelfConnection {
                update = writer.builder.sum([update, firstSelfConnection(embedding, layer)])
            }
            features = gate(nequip.variant.layerNorm ? layerNorm(update, layer, index) : update, layer)
            outputs.append(features)
        }
        return outputs
    }

    /// What atoms and ghosts send to their neighbours. In the first layer it depends on the type alone, so it is known
    /// of ghosts too; later their messages come from where they are atoms.
    private mutating func messages(of x: Program.Value, _ layer: InteractionLayer, _ index: Int) -> Program.Value {
        let sent = normalized(linear1(x, layer, index), layer)
        return index == 0 ? writer.builder.gather(sent, by: .speciesOfSource) : writer.builder.fillGhosts(sent)
    }

    /// `silu` and `tanh` on the scalars; every other channel times its gate.
    private mutating func gate(_ x: Program.Value, _ layer: InteractionLayer) -> Program.Value {
        let scalars = writer.builder.pointwise(writer.builder.slice(x, layer.activatedBlocks), layer.activations)
        if layer.gated.isEmpty { return scalars }
        let gated = writer.builder.product(
            writer.builder.slice(scalars, layer.gateBlocks), writer.builder.slice(x, layer.gatedBlocks))
        let output = InteractionLayer.layout(layer.output)
        let passed = 0..<layer.scalars.count
        let scaled = writer.builder.embed(gated, passed.upperBound..<output.blocks.count, in: output)
        if passed.isEmpty { return scaled }
        return writer.builder.sum([
            writer.builder.embed(writer.builder.slice(scalars, passed), passed, in: output), scaled,
        ])
    }
}
