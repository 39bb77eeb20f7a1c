/// What a structure or its atoms can have: something that a file states and a model predicts.
///
/// It does not say where it comes from: a label knows neither heads nor derivatives. Energy, forces and stress have
/// fields of their own in `Structure`, because molecular dynamics lives on them; all others stand in
/// `Structure.properties`. A new one is a constant here, and an entry in `all`.
public struct Property: Sendable, Hashable, CustomStringConvertible {
    /// The name in files, settings and results.
    public let name: String
    public let scope: Scope
    public let shape: Shape
    /// As people write it, for example `e·Å`.
    public let unit: String
    /// The unit in names of columns and JSON keys, for example `e_angstrom`.
    public let unitWord: String
    /// Whether the property of two structures far apart is the sum of theirs.
    public let isExtensive: Bool
    /// Whether it means something for molecules alone, and not for a structure that repeats.
    public let isOfMoleculesOnly: Bool

    public enum Scope: Sendable, Hashable { case structure, atom }

    /// Cartesian shapes, and with them how components turn with the structure.
    public enum Shape: Sendable, Hashable {
        case scalar
        /// x, y, z; changes sign under inversion.
        case vector
        /// Nine components of a symmetric tensor, row by row.
        case symmetricTensor

        /// Of the Cartesian tensor.
        public var rank: Int {
            switch self {
            case .scalar: 0
            case .vector: 1
            case .symmetricTensor: 2
            }
        }

        public var components: Int { [1, 3, 9][rank] }
    }

    public init(
        _ name: String, of scope: Scope, _ shape: Shape, unit: String, unitWord: String, isExtensive: Bool = false,
        isOfMoleculesOnly: Bool = false
    ) {
        self.name = name
        self.scope = scope
        self.shape = shape
        self.unit = unit
        self.unitWord = unitWord
        self.isExtensive = isExtensive
        self.isOfMoleculesOnly = isOfMoleculesOnly
    }

    public var description: String { name }

    /// Numbers that a structure of so many atoms has of it.
    public func count(atoms: Int) -> Int { scope == .atom ? atoms * shape.components : shape.components }

    public static func == (a: Property, b: Property) -> Bool { a.name == b.name }
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension Property {
    public static let energy = Property(
        "energy", of: .structure, .scalar, unit: "eV", unitWord: "ev", isExtensive: true)
    public static let forces = Property("forces", of: .atom, .vector, unit: "eV/Å", unitWord: "ev_per_angstrom")
    /// Positive in tension.
    public static let stress = Property(
        "stress", of: .structure, .symmetricTensor, unit: "eV/Å³", unitWord: "ev_per_cubic_angstrom")

    /// `∫ ρ(r) (r − origin) dr` with positive charges positive. It depends on the origin where the structure is charged
    /// (`Structure.dipoleOrigin`), and is no property of a crystal, which has a polarisation modulo e × lattice instead
    /// (King-Smith and Vanderbilt, Phys. Rev. B 47, 1651 (1993)).
    public static let dipole = Property(
        "dipole", of: .structure, .vector, unit: "e·Å", unitWord: "e_angstrom", isExtensive: true,
        isOfMoleculesOnly: true)
    /// Partial charges of atoms, by whatever rule the source divides the density.
    public static let charges = Property("charges", of: .atom, .scalar, unit: "e", unitWord: "e")
    /// Dipoles of atoms, by whatever rule the source divides the density.
    public static let atomicDipoles = Property(
        "atomic_dipoles", of: .atom, .vector, unit: "e·Å", unitWord: "e_angstrom")

    /// All that there are, in the order of tables.
    public static let all: [Property] = [energy, forces, stress, dipole, charges, atomicDipoles]

    /// Those that are derived from the potential energy surface, or it itself.
    public static let ofEnergySurface: [Property] = [energy, forces, stress]

    /// All but those.
    public static let others: [Property] = all.filter { !ofEnergySurface.contains($0) }

    /// The property of a name; `nil` for what is none.
    public init?(named name: String) {
        guard let property = Self.all.first(where: { $0.name == name }) else { return nil }
        self = property
    }
}

extension Property: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let name = try container.decode(String.self)
        guard let property = Property(named: name) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription:
                    "\(name) is no property that this program knows; they are \(Self.all.map(\.name).joined(separator: ", "))"
            )
        }
        self = property
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }
}

extension Property: Comparable {
    /// By the order of `all`, and by name for others.
    public static func < (a: Property, b: Property) -> Bool { (a.rank, a.name) < (b.rank, b.name) }
    private var rank: Int { Self.all.firstIndex(of: self) ?? Self.all.count }
}
