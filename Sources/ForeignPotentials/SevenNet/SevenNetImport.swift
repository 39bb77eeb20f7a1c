import Atoms
import Equivariance
import Foundation
import Models

/// A checkpoint of SevenNet (Park et al., J. Chem. Theory Comput. 20, 4857 (2024)) as a potential.
///
/// Its model is of NequIP's kind with other normalisations and other choices of blocks (`NequIP.Variant`). What differs
/// in normalisation or order alone is brought to ours here, so that the function stays the same:
///
/// - one-hot types with a linear map are an embedding, W/√(number of types);
/// - e3nn's radial network has c·silu, ours √2·silu: its matrices after the first take c/√2;
/// - two linear maps of the readout are one;
/// - Bessel frequencies in 1/Å become multiples of π/r_c;
/// - a level of theory, which is a one-hot input of linear maps, is a constant that they add to scalars;
/// - paths are put into our order, with the signs of our 3j symbols.
struct SevenNetImport {
    private let config: SevenNetConfiguration
    private let weights: SevenNetWeights
    /// Index of the level of theory, where there are several.
    private let modality: Int?
    private var arrays: [String: [Double]] = [:]

    init(_ file: TorchFile, modality name: String?) throws {
        guard let content = file.content.dictionary, let config = content["config"]?.dictionary,
            let state = content["model_state_dict"]?.dictionary
        else {
            throw ForeignPotentialError("is no checkpoint of SevenNet: it holds no config and model_state_dict")
        }
        self.config = try SevenNetConfiguration(config, epochs: content["epoch"]?.integer ?? 0)
        weights = SevenNetWeights(state, in: file)
        modality = try Self.find(name, among: self.config.modalities)
        guard !self.config.hasReadoutNetwork else { throw SevenNetConfiguration.missing("readout_as_fcn", "false") }
    }

    static func recognizes(_ file: TorchFile) -> Bool {
        guard let content = file.content.dictionary else { return false }
        return content["config"]?.dictionary?["_model_type"] != nil && content["model_state_dict"] != nil
    }

    private static func find(_ name: String?, among names: [String]) throws -> Int? {
        let choices = names.joined(separator: ", ")
        guard !names.isEmpty else {
            guard name == nil else {
                throw ForeignPotentialError("was trained at one level of theory; leave --modal out")
            }
            return nil
        }
        guard let name else {
            throw ForeignPotentialError(
                "was trained at several levels of theory (\(choices)); choose one with --modal")
        }
        guard let index = names.firstIndex(where: { $0.lowercased() == name.lowercased() }) else {
            throw ForeignPotentialError("has no level of theory \(name), expected --modal \(choices)")
        }
        return index
    }

    var modalityName: String? { modality.map { config.modalities[$0] } }
    var version: String { config.version }
    var epochs: Int { config.epochs }

    /// The model and its weights by name.
    mutating func model() throws -> (configuration: ModelConfiguration, weights: [String: [Double]]) {
        var configuration = try self.configuration()
        let shapes = (configuration.architecture as! NequIP).shapes(configuration)
        try embedding()
        arrays["bessel_encode.bessel_weights"] = try weights.values("edge_embedding.basis_function.coeffs")
            .map { $0 * config.cutoff / Double.pi }
        for (index, shape) in shapes.enumerated() { try layer(index, shape, configuration.avgNumNeighbors[0]) }
        let constant = try readout()
        let (shifts, scales) = (try perType("shift", absent: 0), try perType("scale", absent: 1))
        configuration.perTypeEnergyScales = scales
        configuration.perTypeEnergyShifts = zip(shifts, scales).map { $0 + constant * $1 }
        return (configuration, arrays)
    }

    // MARK: Hyperparameters

    private func configuration() throws -> ModelConfiguration {
        var nequip = NequIP()
        let hidden = config.layers > 1 ? config.irreps[1..<config.layers].last! : config.irreps[config.layers]
        nequip.numLayers = config.layers
        nequip.lMax = config.lMax
        let natural = hidden.allSatisfy { $0.irrep.parity == Parity.odd.power($0.irrep.l) }
        nequip.parity = !config.ignoresParity && !natural
        nequip.numFeatures = (0...config.lMax).map { l in
            hidden.first { $0.irrep.l == l }?.multiplicity ?? config.irreps[config.layers][0].multiplicity
        }
        guard config.irreps[0].count == 1, config.irreps[0][0].irrep == .scalar else {
            throw SevenNetConfiguration.missing("irreps_manual", "scalars alone at the beginning")
        }
        nequip.typeEmbedNumFeatures = config.irreps[0].dimension
        nequip.radialMLPDepth = config.radialWidths.count
        nequip.radialMLPWidth = config.radialWidths.first ?? 64
        nequip.numBessels = config.bessels
        nequip.besselTrainable = config.trainsBessels
        nequip.polynomialCutoffP = config.cutoffPower
        nequip.variant.ignoresParity = config.ignoresParity
        nequip.variant.xplorStart = config.xplorStart
        nequip.variant.selfConnection = config.linearSelfConnections[0] ? .linear : .types
        nequip.variant.firstSelfConnection = true
        nequip.variant.neighborNormalization = .mean
        nequip.variant.normalizedHarmonics = config.normalizesHarmonics
        nequip.variant.scalarBiases =
            modality != nil && (config.modalBefore || config.modalAfter)
            || weights.has("0_self_interaction_1.linear.bias")
        var configuration = ModelConfiguration(
            nequip, rMax: config.cutoff, elements: config.elements,
            avgNumNeighbors: [try weights.values("0_convolution.denominator").first ?? 0])
        // A group of modules without denominators divides by one.
        if !(configuration.avgNumNeighbors[0] > 0) { configuration.avgNumNeighbors = [1] }
        try configuration.validate()
        for (layer, shape) in nequip.shapes(configuration).enumerated() {
            let (ours, theirs) = (shape.output.sorted, config.irreps[layer + 1].sorted.simplified)
            guard ours == theirs else {
                throw SevenNetConfiguration.missing("irreps_manual", "\(ours) after layer \(layer)")
            }
        }
        return configuration
    }

    /// By type, from an array for all types, one number, or a row for each modality.
    private func perType(_ name: String, absent: Double) throws -> [Double] {
        let name = "rescale_atomic_energy.\(name)"
        guard weights.has(name) else { return config.elements.map { _ in absent } }
        let (values, types) = (try weights.values(name), config.elements.count)
        switch values.count {
        case types: return values
        case 1: return config.elements.map { _ in values[0] }
        case types * max(1, config.modalities.count) where modality != nil:
            return Array(values[modality! * types..<(modality! + 1) * types])
        default: throw ForeignPotentialError("\(name): expected \(types) numbers, found \(values.count)")
        }
    }

    // MARK: Weights

    /// The weights of one of its linear maps, and what it adds to scalars; scaled for normalisation by the channels of
    /// the blocks alone.
    private func linear(
        _ module: String, from input: Irreps, to output: Irreps, knowsModality: Bool
    ) throws -> (blocks: WeightBlocks, scale: (Irrep) -> Double, bias: [Double]?) {
        let modalities = modality != nil && knowsModality ? config.modalities.count : 0
        let channels = output.multiplicity(of: .scalar)
        var numbers = try weights.values("\(module).linear.weight")
        var bias: [Double]?
        // The modality stands behind the features, and counts for the normalisation of scalars.
        let fan = input.multiplicity(of: .scalar) + modalities
        if modalities > 0 {
            guard numbers.count >= modalities * channels else {
                throw ForeignPotentialError("\(module): has no weights of modalities")
            }
            let rows = WeightBlocks.Matrix(
                rows: modalities, columns: channels, numbers: Array(numbers.suffix(modalities * channels)))
            bias = rows.row(modality!).map { $0 / Double(fan).squareRoot() }
            numbers.removeLast(modalities * channels)
        }
        if weights.has("\(module).linear.bias") {
            let given = try weights.values("\(module).linear.bias")
            guard given.count == channels else {
                throw ForeignPotentialError(
                    "\(module).linear.bias: expected \(channels) numbers, found \(given.count)")
            }
            bias = bias.map { zip($0, given).map { $0 + $1 } } ?? given
        }
        let blocks = try WeightBlocks(numbers, from: input, to: output, named: "\(module).linear.weight")
        let ratio = (Double(fan - modalities) / Double(max(fan, 1))).squareRoot()
        return (blocks, { $0 == .scalar ? ratio : 1 }, bias)
    }

    private mutating func embedding() throws {
        let types = config.elements.count
        let (blocks, scale, bias) = try linear(
            "onehot_to_feature_x", from: Irreps([.init(types, .scalar)]), to: config.irreps[0],
            knowsModality: config.modalEmbedding)
        let factor = scale(.scalar) / Double(types).squareRoot()
        let matrix = blocks.from(0)!
        arrays["type_embed.embed_module.weight"] = (0..<types).flatMap { type in
            zip(matrix.row(type), bias ?? Array(repeating: 0, count: matrix.columns)).map { $0 * factor + $1 }
        }
    }

    private mutating func layer(_ index: Int, _ shape: NequIP.LayerShape, _ denominator: Double) throws {
        let input = config.irreps[index]
        let name = "layer\(index)_convnet.conv"
        let isLast = index == config.layers - 1
        let highest = config.irreps[index + 1].lMax ?? 0
        let order = ConvolutionPaths(
            input: input,
            harmonics: .sphericalHarmonics(lMax: config.lMax, parity: config.ignoresParity ? .even : .odd)
        ) { $0.l <= highest && !(isLast && $0.parity == .odd) }
        let gate = GateColumns(config.irreps[index + 1])

        let own = try weights.values("\(index)_convolution.denominator").first ?? 1
        guard own > 0 else { throw ForeignPotentialError("\(index)_convolution.denominator: expected more than 0") }
        let before = try linear(
            "\(index)_self_interaction_1", from: input, to: input, knowsModality: config.modalBefore)
        arrays["\(name).linear_1.weight"] = shape.input.flatMap { block in
            let scale = before.scale(block.irrep) * denominator / own
            return before.blocks.from(input.firstIndex { $0.irrep == block.irrep }!)!.numbers.map { $0 * scale }
        }
        let after = try linear(
            "\(index)_self_interaction_2", from: order.convolved, to: gate.irreps, knowsModality: config.modalAfter)
        arrays["\(name).linear_2.weight"] = shape.convolved.flatMap { block in
            guard let group = order.convolved.firstIndex(where: { $0.irrep == block.irrep }),
                let matrix = after.blocks.from(group)
            else { return [Double]() }
            let rows = shape.paths.filter { $0.output == block.irrep }.flatMap { path -> Range<Int> in
                let first = order.firstChannel(of: shape.input[path.inputBlock].irrep, path.lHarmonic, path.output)
                return first..<first + path.multiplicity
            }
            let columns = gate.columns(of: block.irrep, inOrderOf: shape)
            let scale = after.scale(block.irrep)
            return rows.flatMap { row in columns.map { scale * matrix.numbers[row * matrix.columns + $0] } }
        }
        if before.bias != nil || after.bias != nil {
            let columns = gate.columns(of: .scalar, inOrderOf: shape)
            arrays["\(name).linear_1.bias"] =
                (before.bias ?? Array(repeating: 0, count: input.multiplicity(of: .scalar)))
                .map { $0 * denominator / own }
            arrays["\(name).linear_2.bias"] = columns.map { after.bias?[$0] ?? 0 }
        }
        try radial(index, shape, order)
        try selfConnection(index, shape, gate)
    }

    /// Of e3nn's `FullyConnectedNet`: matrices over the root of the inputs, c·silu between them.
    private mutating func radial(_ index: Int, _ shape: NequIP.LayerShape, _ order: ConvolutionPaths) throws {
        let widths = [config.bessels] + config.radialWidths
        for (depth, inputs) in widths.enumerated() {
            let name = "\(index)_convolution.weight_nn.layer\(depth).weight"
            let isLast = depth == widths.count - 1
            let matrix = try weights.matrix(
                name, rows: inputs, columns: isLast ? order.weightCount : config.radialWidths[depth])
            let factor = depth == 0 ? 1 : SecondMoment.silu / 2.0.squareRoot()
            var columns = Array(0..<matrix.columns)
            var signs = Array(repeating: 1.0, count: matrix.columns)
            if isLast {
                (columns, signs) = ([], [])
                for path in shape.paths {
                    let input = shape.input[path.inputBlock].irrep
                    let first = order.firstWeight(
                        of: input, path.lHarmonic, path.output, isSorted: config.sortsPaths)
                    columns += first..<first + path.multiplicity
                    let sign = try weights.sign(layer: index, path.lInput, path.lHarmonic, path.lOutput)
                    signs += Array(repeating: sign, count: path.multiplicity)
                }
            }
            arrays["layer\(index)_convnet.conv.edge_mlp.mlp.\(2 * depth).weight"] = (0..<inputs).flatMap { row in
                zip(columns, signs).map { matrix.numbers[row * matrix.columns + $0] * factor * $1 }
            }
        }
    }

    private mutating func selfConnection(_ index: Int, _ shape: NequIP.LayerShape, _ gate: GateColumns) throws {
        let (input, types) = (config.irreps[index], config.elements.count)
        let name = "layer\(index)_convnet.conv.sc.weight"
        if config.linearSelfConnections[index] {
            let map = try linear(
                "\(index)_self_connection_intro", from: input, to: gate.irreps, knowsModality: false)
            arrays[name] = shape.input.flatMap { block -> [Double] in
                guard let matrix = map.blocks.from(input.firstIndex { $0.irrep == block.irrep }!) else { return [] }
                let columns = gate.columns(of: block.irrep, inOrderOf: shape)
                return (0..<matrix.rows).flatMap { row in columns.map { matrix.numbers[row * matrix.columns + $0] } }
            }
            return
        }
        // e3nn's product with one-hot types: [channel][type][output], over the root of channels times types.
        let module = "\(index)_self_connection_intro.fc_tensor_product.weight"
        let blocks = try WeightBlocks(
            try weights.values(module), from: input, to: gate.irreps, inner: types, named: module)
        let factor = 1 / Double(types).squareRoot()
        let embedding = arrays["type_embed.embed_module.weight"]!
        var result: [Double] = []
        for type in 0..<types {
            for block in shape.input {
                guard let matrix = blocks.from(input.firstIndex { $0.irrep == block.irrep }!) else { continue }
                let columns = gate.columns(of: block.irrep, inOrderOf: shape)
                let rows = (0..<block.multiplicity).map { matrix.row($0 * types + type) }
                if index > 0 {
                    result += rows.flatMap { row in columns.map { row[row.startIndex + $0] * factor } }
                } else {
                    // What it gives for this type.
                    let channels = embedding[type * block.multiplicity..<(type + 1) * block.multiplicity]
                    result += columns.map { column in
                        zip(channels, rows).reduce(0) { $0 + $1.0 * $1.1[$1.1.startIndex + column] } * factor
                            / Double(block.multiplicity).squareRoot()
                    }
                }
            }
        }
        arrays[name] = result
    }

    /// Two linear maps become one; what they add to every atom is returned.
    private mutating func readout() throws -> Double {
        let channels = config.irreps[config.layers].dimension
        let output = try weights.values("reduce_hidden_to_energy.linear.weight")
        let width = output.count
        let first = try linear(
            "reduce_input_to_hidden", from: config.irreps[config.layers], to: Irreps([.init(width, .scalar)]),
            knowsModality: config.modalReadout)
        let matrix = first.blocks.from(0)!
        let scale = first.scale(.scalar) / Double(width).squareRoot()
        func applied(_ row: some Sequence<Double>) -> Double { zip(row, output).reduce(0) { $0 + $1.0 * $1.1 } }
        arrays["per_atom_energy_readout.mlp_module.mlp.0.weight"] = (0..<channels).map {
            applied(matrix.row($0)) * scale
        }
        let last = "reduce_hidden_to_energy.linear.bias"
        return applied(first.bias ?? []) / Double(width).squareRoot()
            + (weights.has(last) ? try weights.values(last)[0] : 0)
    }
}
