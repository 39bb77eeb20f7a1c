import Atoms
import Equivariance
import Foundation
import Models

/// A model of Nequix (Koker, Kotak, Smidt (2025), arXiv:2508.16067): a line of JSON, then its arrays.
///
/// It is of NequIP's kind with layer norms and one-hot types. Brought to ours are: matrices of the radial network,
/// which are not normalised there; the constant of silu in gates, which is another integral, so features are larger by
/// their ratio and what reads them takes it back; and the order of paths.
struct NequixImport {
    private struct Configuration: Decodable {
        var cutoff: Double
        var atomic_numbers: [Int]
        var hidden_irreps: String
        var lmax: Int
        var n_layers: Int
        var radial_basis_size: Int
        var radial_mlp_size: Int
        var radial_mlp_layers: Int
        var radial_polynomial_p: Double
        var index_weights: Bool?
        var layer_norm: Bool?
        var shift: Double
        var scale: Double
        var avg_n_neighbors: Double
        var n_epochs: Int?
    }

    /// 1/√⟨silu²⟩ as e3nn-jax finds it, in single precision over quantiles of the normal distribution.
    private static let silu = 1 / 0.5964577198028564

    private let config: Configuration
    private let hidden: Irreps
    private var arrays: ArraySlice<NumpyArrays.Array>
    private var weights: [String: [Double]] = [:]

    static func recognizes(_ data: Data) -> Bool {
        data.first == UInt8(ascii: "{") && data.prefix(1 << 20).firstIndex(of: 10) != nil
    }

    init(_ data: Data) throws {
        guard let end = data.firstIndex(of: 10) else {
            throw ForeignPotentialError("is no model of Nequix: it has no line of settings")
        }
        do {
            config = try JSONDecoder().decode(Configuration.self, from: Data(data[data.startIndex..<end]))
        } catch {
            throw ForeignPotentialError("is no model of Nequix: its first line is not its settings (\(error))")
        }
        guard let hidden = Irreps(config.hidden_irreps),
            hidden.map(\.irrep)
                == (0...max(0, min(config.lmax, 4))).map({ Irrep(l: $0, parity: Parity.odd.power($0)) })
        else {
            throw ForeignPotentialError(
                "its hidden_irreps are \(config.hidden_irreps), expected one of each degree 0…lmax, up to 4, with natural parity"
            )
        }
        self.hidden = hidden
        arrays = try NumpyArrays.read(Data(data[(end + 1)...]))[...]
    }

    var epochs: Int { config.n_epochs ?? 0 }

    /// The model and its weights by name.
    mutating func model() throws -> (configuration: ModelConfiguration, weights: [String: [Double]]) {
        let elements = config.atomic_numbers.compactMap { Element(atomicNumber: $0) }
        var nequip = NequIP()
        nequip.numLayers = config.n_layers
        nequip.lMax = config.lmax
        nequip.parity = false
        nequip.numFeatures = hidden.map(\.multiplicity)
        nequip.typeEmbedNumFeatures = elements.count
        nequip.radialMLPDepth = config.radial_mlp_layers
        nequip.radialMLPWidth = config.radial_mlp_size
        nequip.numBessels = config.radial_basis_size
        nequip.polynomialCutoffP = config.radial_polynomial_p
        nequip.variant.selfConnection = config.index_weights ?? true ? .types : .linear
        nequip.variant.firstSelfConnection = true
        nequip.variant.layerNorm = config.layer_norm ?? false
        var configuration = ModelConfiguration(
            nequip, rMax: config.cutoff, elements: elements, avgNumNeighbors: [config.avg_n_neighbors])
        guard elements.count == config.atomic_numbers.count else {
            throw ForeignPotentialError("its atomic_numbers are \(config.atomic_numbers), expected those of elements")
        }
        try configuration.validate()
        let energies = try next([elements.count], "atom_energies")
        configuration.perTypeEnergyScales = elements.map { _ in config.scale }
        configuration.perTypeEnergyShifts = energies.map { $0 + config.shift }

        let types = elements.count
        weights["type_embed.embed_module.weight"] = (0..<types * types).map { $0 % (types + 1) == 0 ? 1 : 0 }
        weights["bessel_encode.bessel_weights"] = (1...config.radial_basis_size).map(Double.init)
        for (index, shape) in nequip.shapes(configuration).enumerated() { try layer(index, shape, types: types) }
        let channels = hidden[0].multiplicity
        weights["per_atom_energy_readout.mlp_module.mlp.0.weight"] =
            try next([channels, 1], "readout").map { $0 * Self.ratio }
        // Some versions write the numbers of its settings behind the arrays.
        guard arrays.allSatisfy(\.shape.isEmpty) else {
            throw ForeignPotentialError("has \(arrays.count) arrays more than its settings ask for")
        }
        return (configuration, weights)
    }

    /// Of their gates' size over ours.
    private static let ratio = silu / SecondMoment.silu

    private mutating func layer(_ index: Int, _ shape: NequIP.LayerShape, types: Int) throws {
        let name = "layer\(index)_convnet"
        let isLast = index == config.n_layers - 1
        let input = index == 0 ? Irreps([.init(types, .scalar)]) : hidden
        let output = isLast ? Irreps([hidden[0]]) : hidden
        let kept = Set(output.map(\.irrep))
        let order = ConvolutionPaths(input: input, harmonics: .sphericalHarmonics(lMax: config.lmax)) {
            kept.contains($0)
        }
        let gate = GateColumns(output)
        // What features from a gate are larger by.
        let ratio = index == 0 ? 1 : Self.ratio

        let widths =
            [config.radial_basis_size] + Array(repeating: config.radial_mlp_size, count: config.radial_mlp_layers)
        for (depth, inputs) in widths.enumerated() {
            let isOutput = depth == widths.count - 1
            let columns = isOutput ? order.weightCount : config.radial_mlp_size
            let matrix = try next([inputs, columns], "\(name).radial_mlp")
            // Ours are divided by the root of the inputs, and after the first multiplied by √2.
            let factor = (Double(inputs) / (depth == 0 ? 1 : 2)).squareRoot()
            let places =
                !isOutput
                ? Array(0..<columns)
                : shape.paths.flatMap { path in
                    let first = order.firstWeight(
                        of: shape.input[path.inputBlock].irrep, path.lHarmonic, path.output, isSorted: true)
                    return first..<first + path.multiplicity
                }
            weights["\(name).conv.edge_mlp.mlp.\(2 * depth).weight"] = (0..<inputs).flatMap { row in
                places.map { matrix[row * columns + $0] * factor }
            }
        }

        weights["\(name).conv.linear_1.weight"] = try shape.input.flatMap { block in
            try next([block.multiplicity, block.multiplicity], "\(name).linear_1").map { $0 * ratio }
        }
        weights["\(name).conv.linear_2.weight"] = try shape.convolved.flatMap { block in
            let columns = gate.columns(of: block.irrep, inOrderOf: shape)
            let matrix = try next([block.multiplicity, columns.count], "\(name).linear_2")
            let rows = shape.paths.filter { $0.output == block.irrep }.flatMap { path -> Range<Int> in
                let first = order.firstChannel(of: shape.input[path.inputBlock].irrep, path.lHarmonic, path.output)
                return first..<first + path.multiplicity
            }
            return rows.flatMap { row in columns.map { matrix[row * columns.count + $0] } }
        }
        try selfConnection(index, shape, gate, types: types, ratio: ratio)
        if config.layer_norm ?? false {
            weights["\(name).norm.weight"] = try shape.gate.flatMap { block in
                let factors = try next([block.multiplicity], "\(name).layer_norm")
                return gate.columns(of: block.irrep, inOrderOf: shape).map { factors[$0] }
            }
        }
    }

    private mutating func selfConnection(
        _ index: Int, _ shape: NequIP.LayerShape, _ gate: GateColumns, types: Int, ratio: Double
    ) throws {
        let name = "layer\(index)_convnet"
        let isPerType = config.index_weights ?? true
        var blocks: [(rows: Int, columns: [Int], numbers: [Double])] = []
        for block in shape.input where shape.gate.contains(where: { $0.irrep == block.irrep }) {
            let columns = gate.columns(of: block.irrep, inOrderOf: shape)
            let matrix = [block.multiplicity, columns.count]
            blocks.append(
                (block.multiplicity, columns, try next(isPerType ? [types] + matrix : matrix, "\(name).skip")))
        }
        func matrix(_ block: (rows: Int, columns: [Int], numbers: [Double]), type: Int) -> [[Double]] {
            (0..<block.rows).map { row in
                block.columns.map {
                    block.numbers[(type * block.rows + row) * block.columns.count + $0] * ratio
                }
            }
        }
        var result: [Double] = []
        for type in 0..<(isPerType ? types : 1) {
            for block in blocks {
                let rows = matrix(block, type: type)
                // Of one-hot types the row of the type is what the first layer's gives.
                result +=
                    isPerType && index == 0
                    ? rows[type].map { $0 / Double(block.rows).squareRoot() } : rows.flatMap(\.self)
            }
        }
        weights["\(name).conv.sc.weight"] = result
    }

    /// The next array, which must have this shape.
    private mutating func next(_ shape: [Int], _ name: String) throws -> [Double] {
        guard let array = arrays.popFirst() else {
            throw ForeignPotentialError("\(name): expected an array \(shape), found the end of the file")
        }
        guard array.shape == shape, array.numbers.allSatisfy(\.isFinite) else {
            throw ForeignPotentialError("\(name): expected \(shape) finite numbers, found \(array.shape)")
        }
        return array.numbers
    }
}
