import Equivariance
import Layers
import Programs

extension NequIP {
    /// The irreps and paths of one layer in the order of its parameters, for whoever brings weights from elsewhere.
    public struct LayerShape: Sendable {
        /// Of `linear_1`, and of the rows of `sc`.
        public var input: Irreps
        /// In the order of the columns of the radial network.
        public var paths: [TensorProductPath]
        /// Of the rows of `linear_2`: channels of paths with the same irrep side by side, in the order of the paths.
        public var convolved: Irreps
        /// Of the columns of `linear_2` and `sc`.
        public var gate: Irreps
        public var output: Irreps
    }

    public func shapes(_ configuration: ModelConfiguration) -> [LayerShape] {
        interactionLayers(for: configuration.heads).map { layer in
            LayerShape(
                input: layer.input, paths: layer.paths, convolved: layer.convolved.irreps,
                gate: Irreps(layer.gateTargets.map { Irreps.Block($0.multiplicity, $0.irrep) }), output: layer.output)
        }
    }

    /// The radial functions of every layer at coordinates r/r_c, outputs `layer K` with a column for every radial
    /// weight: what splines go through.
    public func radialProgram(_ configuration: ModelConfiguration, at coordinates: [Double]) -> Program {
        var network = NequIPNetwork(self, configuration, ModelWriter(types: configuration.typeNames.count))
        let outputs = network.radialFunctions(at: coordinates)
        return network.writer.builder.finish(outputs: outputs)
    }
}
