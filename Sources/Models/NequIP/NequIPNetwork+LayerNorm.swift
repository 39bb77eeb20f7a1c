import Equivariance
import Layers
import Programs

extension NequIPNetwork {
    /// Added to the mean square, so that features that vanish have a norm.
    private static let smallest = 1e-12

    /// `x_c w_c / √(Σ_irreps Σ|x|² / (2l + 1)² / number of irreps)` with the sum over the channels of each irrep of the
    /// gate's input and a trained factor w for each channel: Nequix's form of the equivariant root-mean-square norm of
    /// Liao et al., EquiformerV2 (ICLR 2024), without centring.
    ///
    /// Nequix adds channels up and takes the mean of components, where EquiformerV2 does the reverse; so an irrep
    /// counts in proportion to its channels over 2l + 1. The first factors make features of equal size have the size
    /// one.
    mutating func layerNorm(_ x: Program.Value, _ layer: InteractionLayer, _ index: Int) -> Program.Value {
        let targets = layer.gateTargets
        let scalars = Layout.features(layer.gateLayout.blocks.map { (0, $0.multiplicity) })
        let squares = writer.builder.dot(x, x)
        let total = LinearMap(
            input: scalars, output: .plain(1),
            terms: scalars.blocks.map { ($0, Layout.plain(1).blocks[0], 1) })
        var means = [Double](repeating: 0, count: total.weights.width)
        let spread = LinearMap(
            input: .plain(1), output: scalars,
            terms: scalars.blocks.map { (Layout.plain(1).blocks[0], $0, 1) })
        var places = ParameterPlaces()
        var sizes = 0.0
        for target in targets {
            let dimension = 2 * target.irrep.l + 1
            sizes += Double(target.multiplicity) / Double(dimension * targets.count)
            for block in target.blocks {
                for channel in 0..<scalars.blocks[block].multiplicity {
                    means[total.terms[block].weightOffset + channel] =
                        1 / Double(dimension * dimension * targets.count)
                }
                places.add(rows: 1, columns: scalars.blocks[block].multiplicity) {
                    spread.terms[block].weightOffset + $1
                }
            }
        }
        let mean = writer.builder.sum([
            writer.builder.linear(squares, writer.builder.constant(means, .fixed(1), total.weights), total),
            writer.builder.fill(Self.smallest, .atoms, .plain(1)),
        ])
        let factors = writer.declare(
            "layer\(index)_convnet.norm.weight", .fixed(1), spread.weights, shape: [places.places.count],
            .given(places.places.map { _ in sizes.squareRoot() }), places)
        let inverse = writer.builder.pointwise(mean, [Activation(.inverseRoot)])
        return writer.builder.product(writer.builder.linear(inverse, factors, spread), x)
    }
}
