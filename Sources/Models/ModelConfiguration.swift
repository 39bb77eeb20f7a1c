import Atoms
import Layers

/// A model before it has weights: elements, cutoffs, what it predicts and in which sizes, and the architecture with its
/// hyperparameters. Written as one object, with NequIP's names for what NequIP has.
public struct ModelConfiguration: Sendable, Equatable {
    /// Å
    public var rMax: Double
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
    /// What is predicted.
    public var outputs: [Output] = [.energy]
    public var architecture: any Architecture

    public enum PairPotential: String, Codable, Sendable, CaseIterable { case zbl = "ZBL" }

    /// A model of these elements.
    public init(_ architecture: any Architecture, rMax: Double, elements: [Element], avgNumNeighbors: [Double]) {
        self.architecture = architecture
        self.rMax = rMax
        typeNames = elements.map(\.symbol)
        self.avgNumNeighbors = avgNumNeighbors
        perTypeEnergyScales = elements.map { _ in 1 }
        perTypeEnergyShifts = elements.map { _ in 0 }
    }

    /// The elements by type.
    public var elements: [Element] { typeNames.compactMap(Element.init) }

    public static func == (a: Self, b: Self) -> Bool {
        a.rMax == b.rMax && a.typeNames == b.typeNames && a.avgNumNeighbors == b.avgNumNeighbors
            && a.perEdgeTypeCutoff == b.perEdgeTypeCutoff && a.perTypeEnergyScales == b.perTypeEnergyScales
            && a.perTypeEnergyShifts == b.perTypeEnergyShifts && a.pairPotential == b.pairPotential
            && a.outputs == b.outputs && a.architecture.isEqual(to: b.architecture)
    }

    /// Throws a `ModelError` that names the first value that makes no sense.
    public func validate() throws {
        func require(_ condition: Bool, _ key: CodingKeys, _ expected: String, _ found: Any) throws {
            guard condition else {
                throw ModelError("\(key.rawValue): expected \(expected), found \(found)")
            }
        }
        let types = typeNames.count
        try require(rMax.isFinite && rMax > 0 && rMax <= 50, .rMax, "a length of 0…50 Å", rMax)
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
        try require(
            !outputs.isEmpty && Set(outputs.map(\.property)).count == outputs.count, .outputs,
            "different properties, at least one", outputs.map(\.property.name))
        for output in outputs {
            try require(
                output.property == .energy || !Property.ofEnergySurface.contains(output.property), .outputs,
                "energy, and with it forces and stress", output.property)
            try require(
                output.scale.isFinite && output.scale > 0 && [0, types].contains(output.perTypeShifts.count)
                    && output.perTypeShifts.allSatisfy(\.isFinite), .outputs,
                "a positive scale of \(output.property) and \(types) shifts or none",
                "\(output.scale) and \(output.perTypeShifts)")
        }
        try require(
            pairPotential == nil || predictsEnergy, .pairPotential, "none without energies",
            pairPotential?.rawValue ?? "")
        try architecture.validate(for: heads)
        try architecture.validate(in: self)
    }
}

extension ModelConfiguration: Codable {
    private enum CodingKeys: String, CodingKey {
        case name, outputs
        case rMax = "r_max"
        case typeNames = "type_names"
        case avgNumNeighbors = "avg_num_neighbors"
        case perEdgeTypeCutoff = "per_edge_type_cutoff"
        case perTypeEnergyScales = "per_type_energy_scales"
        case perTypeEnergyShifts = "per_type_energy_shifts"
        case pairPotential = "pair_potential"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        rMax = try container.decode(Double.self, forKey: .rMax)
        typeNames = try container.decode([String].self, forKey: .typeNames)
        avgNumNeighbors = try container.decode([Double].self, forKey: .avgNumNeighbors)
        perEdgeTypeCutoff = try container.decode([[Double]].self, forKey: .perEdgeTypeCutoff)
        perTypeEnergyScales = try container.decode([Double].self, forKey: .perTypeEnergyScales)
        perTypeEnergyShifts = try container.decode([Double].self, forKey: .perTypeEnergyShifts)
        pairPotential = try container.decodeIfPresent(PairPotential.self, forKey: .pairPotential)
        outputs = try container.decodeIfPresent([Output].self, forKey: .outputs) ?? [.energy]
        let name = try container.decodeIfPresent(String.self, forKey: .name)
        architecture = try (name.map { try Architectures.named($0) } ?? Architectures.usual).init(from: decoder)
    }

    /// What older programs do not know is written where it says something else than they assume.
    public func encode(to encoder: any Encoder) throws {
        try architecture.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(rMax, forKey: .rMax)
        try container.encode(typeNames, forKey: .typeNames)
        try container.encode(avgNumNeighbors, forKey: .avgNumNeighbors)
        try container.encode(perEdgeTypeCutoff, forKey: .perEdgeTypeCutoff)
        try container.encode(perTypeEnergyScales, forKey: .perTypeEnergyScales)
        try container.encode(perTypeEnergyShifts, forKey: .perTypeEnergyShifts)
        try container.encodeIfPresent(pairPotential, forKey: .pairPotential)
        if outputs != [.energy] { try container.encode(outputs, forKey: .outputs) }
        let name = type(of: architecture).name
        if name != Architectures.usual.name { try container.encode(name, forKey: .name) }
    }

    /// Whether programs that know energies of NequIP models alone understand it.
    public var isPlain: Bool {
        outputs == [.energy] && type(of: architecture).name == Architectures.usual.name && !architecture.isExtended
    }
}
