import Atoms

/// What a model has learned to predict, and the numbers that bring its heads to the size of the labels.
///
/// Energies have scales and shifts of their own in `ModelConfiguration`, and forces and stresses are their derivatives.
public struct Output: Sendable, Equatable, Codable {
    public var property: Property
    /// What the numbers of the head are multiplied by, in the unit of the property.
    public var scale: Double
    /// By type: what an atom has beside what the head says, of scalars of atoms. Empty stands for none.
    public var perTypeShifts: [Double]

    public init(_ property: Property, scale: Double = 1, perTypeShifts: [Double] = []) {
        self.property = property
        self.scale = scale
        self.perTypeShifts = perTypeShifts
    }

    public static let energy = Output(.energy)

    private enum CodingKeys: String, CodingKey {
        case property, scale
        case perTypeShifts = "per_type_shifts"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        property = try container.decode(Property.self, forKey: .property)
        scale = try container.decodeIfPresent(Double.self, forKey: .scale) ?? 1
        perTypeShifts = try container.decodeIfPresent([Double].self, forKey: .perTypeShifts) ?? []
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(property, forKey: .property)
        if property != .energy { try container.encode(scale, forKey: .scale) }
        if !perTypeShifts.isEmpty { try container.encode(perTypeShifts, forKey: .perTypeShifts) }
    }
}

/// What the network says of every atom; properties are put together from heads (`Assembly`).
public struct Head: Sendable, Equatable {
    public let name: String
    public let shape: Property.Shape

    static let energy = Head(name: Property.energy.name, shape: .scalar)
}

extension ModelConfiguration {
    public func output(_ property: Property) -> Output? { outputs.first { $0.property == property } }

    /// Whether there is a potential energy surface, with forces and stresses.
    public var predictsEnergy: Bool { output(.energy) != nil }

    /// All that is predicted, derivatives of the energy included.
    public var properties: [Property] {
        outputs.flatMap { $0.property == .energy ? Property.ofEnergySurface : [$0.property] }.sorted()
    }

    /// What the network is asked for; the energy first.
    public var heads: [Head] {
        var heads: [Head] = predictsEnergy ? [.energy] : []
        for output in outputs where output.property != .energy {
            let head = Assembly.head(of: output.property)
            if !heads.contains(head) { heads.append(head) }
        }
        return heads
    }
}
