import Atoms

/// What some files do not say of themselves, and people say instead: elements of numbered types, and units.
public struct UnstatedFacts: Sendable, Equatable {
    /// Of types in their order: of LAMMPS' type 1, of the type 0 of DeePMD and MTP.
    public var elements: [Element] = []
    public var units: FileUnits?

    public init(elements: [Element] = [], units: FileUnits? = nil) {
        self.elements = elements
        self.units = units
    }

    /// From what people write: `Si,O` and `metal`. Throws an `UnstatedFactsError`.
    public init(elements: String?, units: String?) throws {
        self.elements = try (elements ?? "").split(whereSeparator: { ", ".contains($0) }).map {
            guard let element = Element(String($0)) else {
                throw UnstatedFactsError(message: "expected symbols of elements such as Si,O, found \"\($0)\"")
            }
            return element
        }
        self.units = try units.map {
            guard let units = FileUnits(rawValue: $0) else {
                throw UnstatedFactsError(message: "expected file units \(FileUnits.names), found \"\($0)\"")
            }
            return units
        }
    }

    /// As text, for telling copies of the same file apart that were read otherwise.
    var words: String { (elements.map(\.symbol) + [units?.rawValue ?? ""]).joined(separator: " ") }

    /// The element of a type, counted from 0. Throws a `FormatProblem` where it is not known.
    func element(ofType type: Int, numberedFrom first: Int) throws -> Element {
        guard !elements.isEmpty else {
            throw FormatProblem(
                "expected the elements of its types, found numbers alone: say which elements the types \(first), \(first + 1), … are (--elements Si,O, or data.elements of a training)"
            )
        }
        guard elements.indices.contains(type) else {
            throw FormatProblem(
                "expected types \(first) to \(first + elements.count - 1), for which elements were given (\(elements.map(\.symbol).joined(separator: " "))), found type \(type + first); give an element for each type"
            )
        }
        return elements[type]
    }
}

/// Systems of units that files are written in without saying so, under the names of LAMMPS.
public enum FileUnits: String, CaseIterable, Sendable {
    /// Å, eV, ps
    case metal
    /// Å, kcal/mol, fs
    case real
    /// bohr, Hartree, atomic units of time (velocities: LAMMPS' electron units)
    case electron

    /// Å
    public var length: Double { self == .electron ? Units.bohr : 1 }

    /// eV
    public var energy: Double {
        switch self {
        case .metal: 1
        case .real: 1 / Units.kilocaloriePerMole
        case .electron: Units.hartree
        }
    }

    /// eV/Å
    public var force: Double { energy / length }

    /// Å/fs. LAMMPS' unit of time beside electron units is 1.03275 fs (its page of units).
    public var velocity: Double {
        switch self {
        case .metal: 1e-3
        case .real: 1
        case .electron: Units.bohr / 1.03275
        }
    }

    /// For messages.
    public static var names: String {
        "metal (Å, eV, ps), real (Å, kcal/mol, fs) or electron (bohr, Hartree)"
    }
}

/// What people said of files and cannot be.
public struct UnstatedFactsError: Error, CustomStringConvertible {
    public let message: String
    public var description: String { message }
}
