import Atoms
import Equivariance
import Layers
import Programs
import Settings

/// NequIP (Batzner et al., Nat. Commun. 13, 2453 (2022)): hyperparameters under the names of the program of that name
/// and with its defaults (`NequIPGNNModel`, version 0.19).
public struct NequIP: Architecture {
    public static let name = "nequip"

    public var numLayers = 4
    public var lMax = 1
    /// Whether features of both parities are kept; otherwise only those that harmonics have, (−1)^l.
    public var parity = true
    /// Channels by degree, l = 0 … lMax.
    public var numFeatures: [Int] = [32, 32]
    public var typeEmbedNumFeatures = 32
    public var radialMLPDepth = 1
    public var radialMLPWidth = 128
    public var numBessels = 8
    public var besselTrainable = false
    public var polynomialCutoffP = 6.0
    public var readoutMLPHiddenLayersDepth = 0
    public var readoutMLPHiddenLayersWidth: Int?
    /// Uniform intervals of [0, 1] on which the radial functions are cubic splines; where an X-PLOR cutoff begins
    /// before 1, of the part before it.
    public var splineIntervals = 384
    public var variant = Variant()
    /// How radial weights are evaluated; no part of a file.
    public var radialFunctions = RadialFunctions.spline

    public enum RadialFunctions: Sendable, Equatable {
        /// Cubic splines through the radial network's values on knots, as the model is defined for training and MD.
        case spline
        /// The radial network on every edge with these Bessel frequencies: the reference, for tests.
        case exact(frequencies: [Double])
    }

    private enum CodingKeys: String, CodingKey {
        case numLayers = "num_layers"
        case lMax = "l_max"
        case parity
        case numFeatures = "num_features"
        case typeEmbedNumFeatures = "type_embed_num_features"
        case radialMLPDepth = "radial_mlp_depth"
        case radialMLPWidth = "radial_mlp_width"
        case numBessels = "num_bessels"
        case besselTrainable = "bessel_trainable"
        case polynomialCutoffP = "polynomial_cutoff_p"
        case readoutMLPHiddenLayersDepth = "readout_mlp_hidden_layers_depth"
        case readoutMLPHiddenLayersWidth = "readout_mlp_hidden_layers_width"
        case splineIntervals = "spline_intervals"
        case variant
    }

    public init() {}

    /// A file that has no `variant` has none.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        numLayers = try container.decode(Int.self, forKey: .numLayers)
        lMax = try container.decode(Int.self, forKey: .lMax)
        parity = try container.decode(Bool.self, forKey: .parity)
        numFeatures = try container.decode([Int].self, forKey: .numFeatures)
        typeEmbedNumFeatures = try container.decode(Int.self, forKey: .typeEmbedNumFeatures)
        radialMLPDepth = try container.decode(Int.self, forKey: .radialMLPDepth)
        radialMLPWidth = try container.decode(Int.self, forKey: .radialMLPWidth)
        numBessels = try container.decode(Int.self, forKey: .numBessels)
        besselTrainable = try container.decode(Bool.self, forKey: .besselTrainable)
        polynomialCutoffP = try container.decode(Double.self, forKey: .polynomialCutoffP)
        readoutMLPHiddenLayersDepth = try container.decode(Int.self, forKey: .readoutMLPHiddenLayersDepth)
        readoutMLPHiddenLayersWidth = try container.decodeIfPresent(Int.self, forKey: .readoutMLPHiddenLayersWidth)
        splineIntervals = try container.decode(Int.self, forKey: .splineIntervals)
        variant = try container.decodeIfPresent(Variant.self, forKey: .variant) ?? Variant()
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(numLayers, forKey: .numLayers)
        try container.encode(lMax, forKey: .lMax)
        try container.encode(parity, forKey: .parity)
        try container.encode(numFeatures, forKey: .numFeatures)
        try container.encode(typeEmbedNumFeatures, forKey: .typeEmbedNumFeatures)
        try container.encode(radialMLPDepth, forKey: .radialMLPDepth)
        try container.encode(radialMLPWidth, forKey: .radialMLPWidth)
        try container.encode(numBessels, forKey: .numBessels)
        try container.encode(besselTrainable, forKey: .besselTrainable)
        try container.encode(polynomialCutoffP, forKey: .polynomialCutoffP)
        try container.encode(readoutMLPHiddenLayersDepth, forKey: .readoutMLPHiddenLayersDepth)
        try container.encodeIfPresent(readoutMLPHiddenLayersWidth, forKey: .readoutMLPHiddenLayersWidth)
        try container.encode(splineIntervals, forKey: .splineIntervals)
        if isExtended { try container.encode(variant, forKey: .variant) }
    }

    public init(_ model: Settings) throws {
        numLayers = try model.integer("num_layers", in: 1...20, default: 4)
        lMax = try model.integer("l_max", in: 0...Convolution.largestDegree, default: 1)
        parity = try model.boolean("parity", default: true)
        numFeatures = Array(repeating: 32, count: lMax + 1)
        if let value = model.optional("num_features") {
            let numbers = try value.oneOrMore().map { try $0.integer(in: 1...1024) }
            guard numbers.count == 1 || numbers.count == lMax + 1 else {
                throw value.error("expected one number, or \(lMax + 1) for l = 0…\(lMax), found \(numbers.count)")
            }
            numFeatures = numbers.count == 1 ? Array(repeating: numbers[0], count: lMax + 1) : numbers
        }
        typeEmbedNumFeatures = try model.integer("type_embed_num_features", in: 1...1024, default: numFeatures[0])
        radialMLPDepth = try model.integer("radial_mlp_depth", in: 0...8, default: 1)
        radialMLPWidth = try model.integer("radial_mlp_width", in: 1...4096, default: 128)
        numBessels = try model.integer("num_bessels", in: 1...64, default: 8)
        besselTrainable = try model.boolean("bessel_trainable", default: false)
        polynomialCutoffP = try model.double("polynomial_cutoff_p", in: 2...64, default: 6)
        readoutMLPHiddenLayersDepth = try model.integer("readout_mlp_hidden_layers_depth", in: 0...8, default: 0)
        if model.optional("readout_mlp_hidden_layers_width") != nil {
            readoutMLPHiddenLayersWidth = try model.integer("readout_mlp_hidden_layers_width", in: 1...4096)
        }
        splineIntervals = try model.integer("spline_intervals", in: 8...8192, default: splineIntervals)
        if let section = try model.optionalSection("variant") { variant = try Variant(section) }
    }

    public func validate(for heads: [Head]) throws {
        func require(_ condition: Bool, _ key: CodingKeys, _ expected: String, _ found: Any) throws {
            guard condition else {
                throw ModelError("\(key.rawValue): expected \(expected), found \(found)")
            }
        }
        try require((1...20).contains(numLayers), .numLayers, "1…20", numLayers)
        try require((0...Convolution.largestDegree).contains(lMax), .lMax, "0…\(Convolution.largestDegree)", lMax)
        try require(
            numFeatures.count == lMax + 1 && numFeatures.allSatisfy { (1...1024).contains($0) }, .numFeatures,
            "one number, or one for each of l = 0…\(lMax), each 1…1024", numFeatures)
        try require((1...1024).contains(typeEmbedNumFeatures), .typeEmbedNumFeatures, "1…1024", typeEmbedNumFeatures)
        try require((0...8).contains(radialMLPDepth), .radialMLPDepth, "0…8", radialMLPDepth)
        try require((1...4096).contains(radialMLPWidth), .radialMLPWidth, "1…4096", radialMLPWidth)
        try require((1...64).contains(numBessels), .numBessels, "1…64", numBessels)
        try require((2...64).contains(polynomialCutoffP), .polynomialCutoffP, "2…64", polynomialCutoffP)
        try require(
            (0...8).contains(readoutMLPHiddenLayersDepth), .readoutMLPHiddenLayersDepth, "0…8",
            readoutMLPHiddenLayersDepth)
        if let width = readoutMLPHiddenLayersWidth {
            try require((1...4096).contains(width), .readoutMLPHiddenLayersWidth, "1…4096", width)
        }
        try require((8...8192).contains(splineIntervals), .splineIntervals, "8…8192", splineIntervals)
        try variant.validate(self)
        for head in heads {
            switch head.shape {
            case .scalar: break
            case .vector:
                try require(lMax >= 1, .lMax, "at least 1 for \(head.name), which are vectors", lMax)
                try require(
                    !variant.ignoresParity, .variant, "parities for \(head.name), which are vectors", "ignores_parity"
                )
            case .symmetricTensor: throw ModelError("outputs: NequIP has no head for tensors such as \(head.name)")
            }
        }
    }

    public func validate(in configuration: ModelConfiguration) throws {
        guard let start = variant.xplorStart, start >= configuration.rMax else { return }
        throw ModelError("variant.xplor_start: expected less than r_max, \(configuration.rMax) Å, found \(start)")
    }

    public var isExtended: Bool { variant != Variant() }

    public var isolatedAtomsHaveShifts: Bool { !variant.firstSelfConnection && !variant.scalarBiases }

    public var layers: Int { numLayers }

    public var summary: String {
        let channels = Set(numFeatures).count == 1 ? "\(numFeatures[0])" : "\(numFeatures)"
        return "NequIP, \(numLayers) layers, l_max \(lMax), parity \(parity), \(channels) features"
    }

    public var details: [(title: String, text: String)] {
        let cutoff = variant.xplorStart == nil ? "p = \(polynomialCutoffP), " : ""
        let outer = variant.xplorStart == nil ? "" : " + \(variant.outerSplineIntervals)"
        let radial = (
            title: "radial",
            text:
                "\(numBessels) Bessel functions\(besselTrainable ? " (trained)" : ""), \(cutoff)network \(radialMLPDepth) × \(radialMLPWidth), splines of \(splineIntervals)\(outer) intervals"
        )
        return [radial] + (variant.summary.map { [(title: "variant", text: $0)] } ?? [])
    }

    public func features(_ configuration: ModelConfiguration) -> [(irreps: String, paths: Int)] {
        interactionLayers(for: configuration.heads).map { ($0.output.description, $0.paths.count) }
    }

    public func writeFeatures(
        of configuration: ModelConfiguration, with writer: inout ModelWriter
    ) -> [Program.Value] {
        var network = NequIPNetwork(self, configuration, writer)
        defer { writer = network.writer }
        return network.features()
    }

    public func write(
        _ head: Head, of features: [Program.Value], _ configuration: ModelConfiguration,
        with writer: inout ModelWriter
    ) -> Program.Value {
        var network = NequIPNetwork(self, configuration, writer)
        defer { writer = network.writer }
        return network.readout(head, features[features.count - 1])
    }

    // MARK: Layers

    private var vectorParity: Parity { variant.ignoresParity ? .even : .odd }

    /// The last one keeps what heads ask for.
    func interactionLayers(for heads: [Head]) -> [InteractionLayer] {
        let hidden = Irreps(
            (0...lMax).flatMap { l -> [Irreps.Block] in
                let natural = vectorParity.power(l)
                let parities: [Parity] = parity ? [.even, .odd] : [natural]
                return parities.map { Irreps.Block(numFeatures[l], Irrep(l: l, parity: $0)) }
            })
        var last = Irreps([])
        if heads.contains(where: { $0.shape == .scalar }) { last = Irreps([Irreps.Block(numFeatures[0], .scalar)]) }
        if heads.contains(where: { $0.shape == .vector }) {
            last = last + Irreps([Irreps.Block(numFeatures[1], .vector)])
        }
        var layers: [InteractionLayer] = []
        var input = Irreps([Irreps.Block(typeEmbedNumFeatures, .scalar)])
        for index in 0..<numLayers {
            let layer = InteractionLayer(
                input: input, hidden: index == numLayers - 1 ? last : hidden, lMax: lMax,
                vectorParity: vectorParity)
            layers.append(layer)
            input = layer.output
        }
        return layers
    }

    public func weightCount(_ configuration: ModelConfiguration) -> Int {
        func perceptron(_ inputs: Int, width: Int, depth: Int, outputs: Int) -> Int {
            let widths = [inputs] + Array(repeating: width, count: depth) + [outputs]
            return zip(widths, widths.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 }
        }
        let (channels, attributes, types) = (numFeatures[0], typeEmbedNumFeatures, configuration.typeNames.count)
        var count = configuration.typeNames.count * attributes + numBessels
        for head in configuration.heads {
            count +=
                head.shape == .vector
                ? numFeatures[1]
                : perceptron(
                    channels, width: readoutMLPHiddenLayersWidth ?? channels, depth: readoutMLPHiddenLayersDepth,
                    outputs: 1)
        }
        for (index, layer) in interactionLayers(for: configuration.heads).enumerated() {
            func toGate(_ block: Irreps.Block) -> Int {
                block.multiplicity * (layer.gateTargets.first { $0.irrep == block.irrep }?.multiplicity ?? 0)
            }
            count += layer.input.reduce(0) { $0 + $1.multiplicity * $1.multiplicity }
            count += layer.convolved.irreps.reduce(0) { $0 + toGate($1) }
            switch variant.selfConnection {
            case _ where index == 0 && !variant.firstSelfConnection: break
            case .embedding: count += layer.input.reduce(0) { $0 + attributes * toGate($1) }
            case .linear: count += layer.input.reduce(0) { $0 + toGate($1) }
            case .types where index == 0:
                count += types * (layer.gateTargets.first { $0.irrep == .scalar }?.multiplicity ?? 0)
            case .types: count += layer.input.reduce(0) { $0 + types * toGate($1) }
            }
            if variant.scalarBiases {
                count += layer.input.multiplicity(of: .scalar)
                count += layer.gateTargets.first { $0.irrep == .scalar }?.multiplicity ?? 0
            }
            if variant.layerNorm { count += layer.gateTargets.reduce(0) { $0 + $1.multiplicity } }
            count += perceptron(
                numBessels, width: radialMLPWidth, depth: radialMLPDepth,
                outputs: layer.paths.reduce(0) { $0 + $1.multiplicity })
        }
        return count
    }
}

extension ModelConfiguration {
    /// The hyperparameters of a NequIP model; the defaults where it is another.
    public var nequip: NequIP {
        get { architecture as? NequIP ?? NequIP() }
        set { architecture = newValue }
    }
}

extension Irrep {
    static let vector = Irrep(l: 1, parity: .odd)
}
