import Atoms

/// A kind of physical quantity that settings give with a unit, `timestep: 1 fs`; a number alone is in the base unit.
public struct Quantity: Sendable {
    /// With its article, as in an error message: "a time".
    public let name: String
    /// The unit of the values returned and of numbers without a unit.
    public let base: String
    /// How many base units each unit is. Upper and lower case differ: MPa is not mPa.
    let units: [(name: String, value: Double)]
    /// Whether the units are in the denominator, as in `0.1 / ps`.
    let isInverse: Bool

    private init(_ name: String, base: String, inverse: Bool = false, _ units: KeyValuePairs<String, Double>) {
        (self.name, self.base, isInverse) = (name, base, inverse)
        self.units = units.map { ($0.key, $0.value) }
    }

    /// Time in the simulated world, in fs.
    public static let time = Quantity(
        "a time", base: "fs", ["fs": 1, "as": 1e-3, "ps": 1e3, "ns": 1e6, "us": 1e9, "µs": 1e9])

    /// Time on the wall clock, in s.
    public static let duration = Quantity(
        "a duration", base: "s", ["s": 1, "ms": 1e-3, "min": 60, "h": 3600, "d": 86400])

    public static let temperature = Quantity("a temperature", base: "K", ["K": 1])

    /// Inverse time, in 1/fs.
    public static let rate = Quantity(
        "a rate", base: "1/fs", inverse: true, ["fs": 1, "ps": 1e-3, "ns": 1e-6])

    /// In Å.
    public static let length = Quantity(
        "a length", base: "Å",
        ["Å": 1, "A": 1, "angstrom": 1, "nm": 10, "pm": 0.01, "bohr": Units.bohr])

    /// In degrees.
    public static let angle = Quantity(
        "an angle", base: "deg", ["deg": 1, "°": 1, "degree": 1, "degrees": 1, "rad": 180 / .pi])

    /// Of a spring, in eV/Å².
    public static let stiffness = Quantity(
        "a spring constant", base: "eV/Å^2",
        [
            "eV/Å^2": 1, "eV/A^2": 1, "eV/Å²": 1, "meV/Å^2": 1e-3, "kcal/mol/Å^2": 1 / Units.kilocaloriePerMole,
            "kcal/mol/A^2": 1 / Units.kilocaloriePerMole,
            "kJ/mol/nm^2": 1e-2 / (4.184 * Units.kilocaloriePerMole),
        ])

    /// Of a spring on an angle, in eV/rad².
    public static let angularStiffness = Quantity(
        "a spring constant of an angle", base: "eV/rad^2",
        [
            "eV/rad^2": 1, "eV/rad²": 1, "meV/rad^2": 1e-3, "kcal/mol/rad^2": 1 / Units.kilocaloriePerMole,
            "kJ/mol/rad^2": 1 / (4.184 * Units.kilocaloriePerMole),
        ])

    /// In GPa.
    public static let pressure = Quantity(
        "a pressure", base: "GPa",
        [
            "GPa": 1, "MPa": 1e-3, "kPa": 1e-6, "Pa": 1e-9, "bar": 1e-4, "kbar": 0.1, "atm": 1.01325e-4,
            "eV/Å^3": Units.gigapascal, "eV/A^3": Units.gigapascal,
        ])

    /// Inverse pressure, in 1/GPa.
    public static let compressibility = Quantity(
        "a compressibility", base: "1/GPa", inverse: true, ["GPa": 1, "MPa": 1e3, "kbar": 10, "bar": 1e4, "Pa": 1e9])

    /// An electric charge, in elementary charges.
    public static let charge = Quantity("a charge", base: "e", ["e": 1])

    /// In atomic mass units.
    public static let mass = Quantity("a mass", base: "amu", ["amu": 1, "u": 1, "Da": 1])

    /// In eV; 1 cal = 4.184 J.
    public static let energy = Quantity(
        "an energy", base: "eV",
        [
            "eV": 1, "meV": 1e-3, "kcal/mol": 1 / Units.kilocaloriePerMole,
            "kJ/mol": 1 / (4.184 * Units.kilocaloriePerMole), "Ha": Units.hartree, "Ry": Units.hartree / 2,
        ])

    /// In eV/Å.
    public static let force = Quantity(
        "a force", base: "eV/Å", ["eV/Å": 1, "eV/A": 1, "meV/Å": 1e-3, "meV/A": 1e-3])

    /// The units as they can be written: "fs, ps or ns", "1/fs or 1/ps".
    var choices: String {
        let names = units.map { isInverse ? "1/\($0.name)" : $0.name }
        return names.count == 1 ? names[0] : names.dropLast().joined(separator: ", ") + " or " + names.last!
    }

    enum Reading {
        case value(Double), noNumber, unknownUnit(String)
    }

    /// Reads `1 fs`, `0.5ps`, `1 / ps`, `0.01 1/fs`, `2 ps^-1` or a number alone.
    func read(_ text: String) -> Reading {
        // The longest start that is a number, so that the e of `2 eV` belongs to the unit and that of `2e3` does not.
        guard
            let match = text.prefixMatch(of: #/\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?/#),
            let number = Double(match.output.0.filter { !$0.isWhitespace }), number.isFinite
        else { return .noNumber }
        let unit = text[match.range.upperBound...].filter { !$0.isWhitespace }
        if unit.isEmpty { return .value(number) }
        guard let value = units.first(where: { spellings(of: $0.name).contains(unit) })?.value else {
            return .unknownUnit(unit)
        }
        return .value(number * value)
    }

    /// The value of text such as `5 GPa`, as an option of the command line has it. Throws a message that says what was
    /// expected.
    public func value(of text: String, option: String) throws -> Double {
        switch read(text) {
        case .value(let value): return value
        case .noNumber, .unknownUnit:
            throw QuantityError(
                description:
                    "\(option): expected \(name) in \(choices) (\(base) where none is given), found '\(text)'")
        }
    }

    private func spellings(of unit: String) -> [String] {
        isInverse ? ["/\(unit)", "1/\(unit)", "\(unit)^-1"] : [unit]
    }
}

/// What is wrong with a quantity on the command line.
public struct QuantityError: Error, CustomStringConvertible {
    public let description: String
}
