import Atoms
import Equivariance
import Layers
import Programs

/// The hyperparameters of a NequIP model, under NequIP's names and with its defaults (`NequIPGNNModel`, version 0.19).
public struct ModelConfiguration: Codable, Sendable, Equatable {
    /// Å
    public var rMax: Double
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
    /// Elements in the order of the model's types.
    public var typeNames: [String]
    /// One number, or one for each type (that of the sender).
    public var avgNumNeighbors: [Double]
    /// `[receiver type][sender type]` in Å, or empty.
    public var perEdgeTypeCutoff: [[Double]] = []
    /// eV, by type.
    public var perTypeEnergyScales: [Double]
    /// eV, by type: the energy of the isolated atom.
    public var perTypeEnergyShifts: [Double]
    /// `ZBL` or nothing.
    public var pairPotential: PairPotential?
    /// Uniform intervals of [0, 1] on which the radial functions are cubic splines.
    public var splineIntervals = 384

    public enum PairPotential: String, Codable, Sendable, CaseIterable { case zbl = "ZBL" }

    enum CodingKeys: String, CodingKey {
        case rMax = "r_max"
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
        case typeNames = "type_names"
        case avgNumNeighbors = "avg_num_neighbors"
        case perEdgeTypeCutoff = "per_edge_type_cutoff"
        case perTypeEnergyScales = "per_type_energy_scales"
        case perTypeEnergyShifts = "per_type_energy_shifts"
        case pairPotential = "pair_potential"
        case splineIntervals = "spline_intervals"
    }

    /// A model of these elements with NequIP's defaults elsewhere.
    public init(rMax: Double, elements: [Element], avgNumNeighbors: [Double]) {
        self.rMax = rMax
        typeNames = elements.map(\.symbol)
        self.avgNumNeighbors = avgNumNeighbors
        perTypeEnergyScales = elements.map { _ in 1 }
        perTypeEnergyShifts = elements.map { _ in 0 }
    }

    /// The elements by type.
    public var elements: [Element] { typeNames.compactMap(Element.init) }

    /// Throws a `ModelError` that names the first value that makes no sense.
    public func validate() throws {
        func require(_ condition: Bool, _ key: CodingKeys, _ expected: String, _ found: Any) throws {
            guard condition else {
                throw ModelError("\(key.rawValue): expected \(expected), found \(found)")
            }
        }
        let types = typeNames.count
        try require(rMax.isFinite && rMax > 0 && rMax <= 50, .rMax, "a length of 0…50 Å", rMax)
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
        try require(
            types > 0 && elements.count == types && Set(elements).count == types, .typeNames,
            "different chemical elements", typeNames)
        try require(
            [1, types].contains(avgNumNeighbors.count) && avgNumNeighbors.allSatisfy { $0.isFinite && $0 > 0 },
            .avgNumNeighbors, "a positive number, or one for each type", avgNumNeighbors)
        try require(
            perEdgeTypeCutoff.isEmpty
                || perEdgeTypeCutoff.count == types
                    && perEdgeTypeCutoff.allSatisfy { $0.count == types && $0.allSatisfy { $0 >= 0.1 && $0 <= rMax } },
            .perEdgeTypeCutoff, "a length of 0.1 Å…r_max for every pair of types", perEdgeTypeCutoff)
        for (key, values) in [
            (CodingKeys.perTypeEnergyScales, perTypeEnergyScales), (.perTypeEnergyShifts, perTypeEnergyShifts),
        ] {
            try require(
                values.count == types && values.allSatisfy(\.isFinite), key, "\(types) finite numbers", values)
        }
        try require((8...8192).contains(splineIntervals), .splineIntervals, "8…8192", splineIntervals)
    }
}
