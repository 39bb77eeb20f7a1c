extension Structure {
    /// Whether there is a label that can be learned: a stress counts where the structure repeats in all directions.
    public func carries(_ property: Property) -> Bool {
        switch property {
        case .energy: energy != nil
        case .forces: forces != nil
        case .stress: labelledStress != nil
        default: properties[property] != nil
        }
    }

    /// Whether a property means something for it.
    public func allows(_ property: Property) -> Bool { !(property.isOfMoleculesOnly && repeats) }

    /// Whether it repeats along any of its vectors.
    public var repeats: Bool { cell.map { $0.isPeriodic != SIMD3(0, 0, 0) } ?? false }

    /// The mean of the positions, Å.
    public var centroid: SIMD3<Double> {
        positions.isEmpty ? .zero : positions.reduce(.zero, +) / Double(positions.count)
    }
}

/// The total charge and the origin of dipoles, as the source states them.
extension Structure {
    /// Names under which sources state the charge of a structure.
    public static let chargeKeys = ["charge", "total_charge"]
    /// The name of the point that a dipole refers to.
    public static let dipoleOriginKey = "dipole_origin"

    /// In units of e; 0 where nothing is said, `nil` where what is said is no number, or says two things.
    public var totalCharge: Double? {
        let stated = Self.chargeKeys.compactMap { information[$0] }
        guard let first = stated.first else { return 0 }
        guard let charge = Double(first), charge.isFinite, stated.allSatisfy({ Double($0) == charge }) else {
            return nil
        }
        return charge
    }

    /// The point that the dipole refers to, Å; `nil` where nothing is said. Of neutral structures it does not matter.
    public var dipoleOrigin: SIMD3<Double>? {
        get {
            guard let text = information[Self.dipoleOriginKey] else { return nil }
            let numbers = text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == "[" || $0 == "]" })
                .compactMap { Double($0) }
            return numbers.count == 3 && numbers.allSatisfy(\.isFinite)
                ? SIMD3(numbers[0], numbers[1], numbers[2]) : nil
        }
        set { information[Self.dipoleOriginKey] = newValue.map { "\($0.x) \($0.y) \($0.z)" } }
    }

    /// A dipole about one point, of a structure of this charge, about another (Å): `μ' = μ − Q (to − from)`.
    public static func dipole(
        _ dipole: SIMD3<Double>, charge: Double, movedFrom from: SIMD3<Double>, to: SIMD3<Double>
    ) -> SIMD3<Double> { dipole - charge * (to - from) }

    /// The dipole label about the centroid, e·Å.
    ///
    /// - Throws: a `PropertyProblem` where there is a label that cannot be used: in a structure that repeats, and of an
    ///   ion without an origin.
    public func dipoleAboutCentroid() throws(PropertyProblem) -> SIMD3<Double>? {
        guard let numbers = properties[.dipole] else { return nil }
        let dipole = SIMD3(numbers[0], numbers[1], numbers[2])
        guard !repeats else {
            throw PropertyProblem(
                "has a dipole but repeats: a crystal has no dipole, only a polarisation modulo e × lattice vectors; remove the key, give it no weight, or, for a molecule in a box, write pbc=\"F F F\""
            )
        }
        guard let charge = totalCharge else {
            throw PropertyProblem(
                "expected one number for the total charge, found \(Self.chargeKeys.compactMap { key in information[key].map { "\(key)=\($0)" } }.joined(separator: " and "))"
            )
        }
        guard charge != 0 else { return dipole }
        guard let origin = dipoleOrigin else {
            let found = information[Self.dipoleOriginKey].map { "found \(Self.dipoleOriginKey)=\"\($0)\"" }
            throw PropertyProblem(
                "has a charge of \(charge) e, and the dipole of an ion depends on the origin: expected \(Self.dipoleOriginKey)=\"x y z\" in Å beside it, \(found ?? "found none")"
            )
        }
        return Self.dipole(dipole, charge: charge, movedFrom: origin, to: centroid)
    }
}

/// Why what a structure states cannot be used, as the end of a sentence that begins with the structure.
public struct PropertyProblem: Error, CustomStringConvertible {
    public let message: String
    public var description: String { message }
    init(_ message: String) { self.message = message }
}
