import Layers
import Neighbors
import Programs
import Settings

extension NequIP {
    /// What models of NequIP's kind do otherwise that come from other programs (`apus import`). By default nothing.
    public struct Variant: Sendable, Equatable {
        /// Whether features and harmonics of every degree count as even, so that more of them combine and mirror images
        /// have different energies if training did not see to it; `parity` is false then.
        public var ignoresParity = false
        /// Where an X-PLOR cutoff begins, Å, in place of the polynomial.
        public var xplorStart: Double?
        public var selfConnection = SelfConnection.embedding
        /// Whether the first layer has one too. An atom without neighbours then has more energy than its shift.
        public var firstSelfConnection = false
        public var neighborNormalization = NeighborNormalization.root
        /// Whether the linear maps before and after the convolution add constants to scalars.
        public var scalarBiases = false
        /// Whether harmonics are those of unit vectors; otherwise they grow as r^l.
        public var normalizedHarmonics = true
        /// Whether features are divided by their root mean square before the gate.
        public var layerNorm = false
        /// Intervals of the radial splines from `xplorStart` on, where their curvature jumps.
        public var outerSplineIntervals = 64

        /// What an atom's own features are multiplied by.
        public enum SelfConnection: String, Codable, Sendable, CaseIterable {
            /// A matrix made from the embedding of the type.
            case embedding
            /// A matrix of its own for each type.
            case types
            /// One matrix for all.
            case linear
        }

        /// What sums over neighbours are divided by.
        public enum NeighborNormalization: String, Codable, Sendable, CaseIterable {
            /// The root of their average number.
            case root
            /// Their average number.
            case mean
        }

        public init() {}

        init(_ model: Settings) throws {
            ignoresParity = try model.boolean("ignores_parity", default: false)
            if let start = model.optional("xplor_start") { xplorStart = try start.double(in: 0.05...50) }
            selfConnection = try model.choice("self_connection", of: SelfConnection.self, default: .embedding)
            firstSelfConnection = try model.boolean("first_self_connection", default: false)
            neighborNormalization = try model.choice(
                "neighbor_normalization", of: NeighborNormalization.self, default: .root)
            scalarBiases = try model.boolean("scalar_biases", default: false)
            normalizedHarmonics = try model.boolean("normalized_harmonics", default: true)
            layerNorm = try model.boolean("layer_norm", default: false)
            outerSplineIntervals = try model.integer("outer_spline_intervals", in: 8...8192, default: 64)
        }
    }
}

extension NequIP.Variant: Codable {
    private enum CodingKeys: String, CodingKey {
        case ignoresParity = "ignores_parity"
        case xplorStart = "xplor_start"
        case selfConnection = "self_connection"
        case firstSelfConnection = "first_self_connection"
        case neighborNormalization = "neighbor_normalization"
        case scalarBiases = "scalar_biases"
        case normalizedHarmonics = "normalized_harmonics"
        case layerNorm = "layer_norm"
        case outerSplineIntervals = "outer_spline_intervals"
    }

    /// What is not there is as in NequIP.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init()
        func read<Value: Decodable>(_ value: inout Value, _ key: CodingKeys) throws {
            if let found = try container.decodeIfPresent(Value.self, forKey: key) { value = found }
        }
        try read(&ignoresParity, .ignoresParity)
        xplorStart = try container.decodeIfPresent(Double.self, forKey: .xplorStart)
        try read(&selfConnection, .selfConnection)
        try read(&firstSelfConnection, .firstSelfConnection)
        try read(&neighborNormalization, .neighborNormalization)
        try read(&scalarBiases, .scalarBiases)
        try read(&normalizedHarmonics, .normalizedHarmonics)
        try read(&layerNorm, .layerNorm)
        try read(&outerSplineIntervals, .outerSplineIntervals)
    }
}

extension NequIP.Variant {
    func validate(_ nequip: NequIP) throws {
        func require(_ condition: Bool, _ key: CodingKeys, _ expected: String, _ found: Any) throws {
            guard condition else {
                throw ModelError("variant.\(key.rawValue): expected \(expected), found \(found)")
            }
        }
        try require(!ignoresParity || !nequip.parity, .ignoresParity, "parity: false beside it", "parity: true")
        if let start = xplorStart {
            try require(start >= 0.05 && start <= 50, .xplorStart, "0.05…50 Å, and less than r_max", start)
        }
        try require(
            !firstSelfConnection || selfConnection != .embedding, .firstSelfConnection,
            "self_connection: linear or types beside it", "embedding")
        try require(
            (8...8192).contains(outerSplineIntervals), .outerSplineIntervals, "8…8192", outerSplineIntervals)
    }

    /// For people; nothing where all is as in NequIP.
    var summary: String? {
        var words: [String] = []
        if ignoresParity { words.append("parity ignored") }
        if let xplorStart { words.append("X-PLOR cutoff from \(xplorStart) Å") }
        if selfConnection != .embedding {
            words.append("self-connections \(selfConnection == .linear ? "linear" : "by type")")
        }
        if firstSelfConnection { words.append("also in the first layer") }
        if neighborNormalization == .mean { words.append("means over neighbours") }
        if scalarBiases { words.append("biases of scalars") }
        if !normalizedHarmonics { words.append("harmonics grow with the distance") }
        if layerNorm { words.append("layer norms") }
        return words.isEmpty ? nil : words.joined(separator: ", ")
    }
}

extension NequIP {
    /// Of the coordinate r/r_c.
    func cutoffFunction(_ configuration: ModelConfiguration) -> CutoffFunction {
        variant.xplorStart.map { .xplor(start: $0 / configuration.rMax) } ?? .polynomial(power: polynomialCutoffP)
    }

    /// Slopes of splines multiply the rounding of coefficients by the number of knots, and err by the inverse of its
    /// cube: a thousand in [0, 1] is where single precision has the better of both.
    public var inSinglePrecision: NequIP {
        var single = self
        single.splineIntervals = min(splineIntervals, 1024)
        single.variant.outerSplineIntervals = min(variant.outerSplineIntervals, 96)
        return single
    }

    /// Where radial networks are evaluated.
    public func splineKnots(_ configuration: ModelConfiguration) -> SplineKnots {
        SplineKnots(
            intervals: splineIntervals,
            outer: cutoffFunction(configuration).start.map {
                .init(start: $0, intervals: variant.outerSplineIntervals)
            })
    }
}
