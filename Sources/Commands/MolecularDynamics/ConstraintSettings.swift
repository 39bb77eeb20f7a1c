import Atoms
import Dynamics
import Settings

/// What a run's settings say about how atoms may move: `fixed`, `constraints` and `hydrogen_mass`.
///
///     fixed: [{indices: "1-8"}, {indices: "9", along: z}, {rigid: molecules}]
///     constraints: {bonds: X-H}
struct ConstraintSettings {
    /// What is left of atoms that a section of `fixed` names.
    private enum Freedom {
        /// Nothing along these axes is.
        case axes(String)
        case line(SIMD3<Double>)
        case plane(SIMD3<Double>)
    }

    private enum Bodies {
        case molecules
        case groups([AtomSelection])
    }

    private enum Bonds {
        case elements(Element?, Element?, SettingsPlace)
        case atoms(Int, Int, length: Double?, SettingsPlace)
    }

    private var fixed: [(atoms: AtomSelection, freedom: Freedom)] = []
    private var bodies: [(bodies: Bodies, place: SettingsPlace)] = []
    /// Whether the column of the structure file holds; said or not.
    private var usesMoveMask = true
    private var requiresMoveMask: SettingsPlace?
    private var bonds: [Bonds] = []
    private var tolerance: Double?
    /// amu
    let hydrogenMass: Double?

    init(_ settings: Settings) throws {
        hydrogenMass = try settings.optional("hydrogen_mass")?.quantity(.mass, in: 1...20)
        for value in try settings.optional("fixed")?.oneOrMore() ?? [] { try read(fixed: value.section()) }
        guard let section = try settings.optionalSection("constraints") else { return }
        tolerance = try section.optional("tolerance")?.double(in: 1e-14...1e-3)
        let value = try section.value("bonds", expected: "bonds such as X-H or [[1, 2], [1, 3]]")
        bonds = try value.isSection ? [Self.bond(value)] : value.oneOrMore().map(Self.bond)
        if bonds.isEmpty { throw value.error("expected at least one bond, found none") }
    }

    private mutating func read(fixed settings: Settings) throws {
        if let value = settings.optional("move_mask") {
            usesMoveMask = try value.boolean()
            requiresMoveMask = usesMoveMask ? value.place : nil
            if settings.optional("indices") == nil, settings.optional("rigid") == nil { return }
        }
        if let value = settings.optional("rigid") {
            if let other = ["indices", "axes", "along", "plane"].compactMap(settings.optional).first {
                throw other.error("has no effect beside rigid; expected a section of its own for each")
            }
            if !value.isList, try value.string() == "molecules" {
                bodies.append((.molecules, value.place))
            } else {
                bodies.append((.groups(try value.oneOrMore().map { try AtomSelection($0) }), value.place))
            }
            return
        }
        let atoms = try AtomSelection(
            settings.value("indices", expected: "numbers of atoms such as \"1-8, 12\" (or rigid, or move_mask)"))
        let ways = ["axes", "along", "plane"].compactMap { key in settings.optional(key).map { (key, $0) } }
        if ways.count > 1 {
            throw ways[1].1.error("expected one of axes, along and plane, found \(ways[0].0) too")
        }
        guard let (key, value) = ways.first else { return fixed.append((atoms, .axes("xyz"))) }
        switch key {
        case "along": fixed.append((atoms, .line(try Self.direction(value))))
        case "plane": fixed.append((atoms, .plane(try Self.direction(value))))
        default:
            let axes = try value.isList ? value.list().map { try $0.string() }.joined() : value.string()
            let letters = axes.filter { !" ,".contains($0) }
            guard !letters.isEmpty, letters.allSatisfy({ "xyz".contains($0) }), Set(letters).count == letters.count
            else { throw value.error("expected some of x, y and z, along which they are fixed, found '\(axes)'") }
            fixed.append((atoms, .axes(letters)))
        }
    }

    /// `x`, `y`, `z` or three numbers.
    static func direction(_ value: SettingsValue) throws -> SIMD3<Double> {
        guard value.isList else {
            return [SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)][
                ["x", "y", "z"].firstIndex(of: try value.choice(["x", "y", "z"]))!]
        }
        let numbers = try value.list().map { try $0.double() }
        guard numbers.count == 3, numbers.contains(where: { $0 != 0 }) else {
            throw value.error("expected x, y, z or a direction of three numbers, found \(numbers)")
        }
        return SIMD3(numbers[0], numbers[1], numbers[2])
    }

    /// `X-H`, `[1, 2]`, or `{atoms: [1, 2], length: 0.96 Å}`.
    private static func bond(_ value: SettingsValue) throws -> Bonds {
        func pair(_ value: SettingsValue, length: Double?) throws -> Bonds {
            let atoms = try value.list().map { try $0.integer(in: .positive) }
            guard atoms.count == 2, atoms[0] != atoms[1] else {
                throw value.error("expected the numbers of two atoms, from 1, found \(atoms)")
            }
            return .atoms(atoms[0] - 1, atoms[1] - 1, length: length, value.place)
        }
        if value.isList { return try pair(value, length: nil) }
        if value.isSection {
            let section = try value.section()
            let length = try section.optional("length")?.quantity(.length, in: .positive)
            return try pair(section.value("atoms", expected: "the numbers of two atoms"), length: length)
        }
        let text = try value.string()
        let words = text.split(separator: "-", omittingEmptySubsequences: false).map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        let elements = words.map { $0 == "X" ? .some(Element?.none) : Element($0).map(Element?.some) }
        guard words.count == 2, let first = elements[0], let second = elements[1] else {
            throw value.error(
                "expected elements such as X-H or C-O (X is any), or the numbers of two atoms [1, 2], found '\(text)'"
            )
        }
        return .elements(first, second, value.place)
    }
}

// MARK: - Of a structure

extension ConstraintSettings {
    /// What the settings and the column `move_mask` of a structure mean.
    ///
    /// - Throws: where there are no such atoms, bonds or columns.
    func constraints(of structure: Structure) throws -> Constraints {
        var constraints = Constraints()
        if let place = requiresMoveMask, structure.moveMask == nil {
            throw place.error("expected a structure with a column move_mask, found one without")
        }
        if usesMoveMask, let mask = structure.moveMask {
            for (atom, free) in mask.enumerated() where free != SIMD3<Int8>(1, 1, 1) {
                try constraints.fixed.fix(atom, x: free.x == 0, y: free.y == 0, z: free.z == 0)
            }
        }
        for (selection, freedom) in fixed {
            for atom in try selection.atoms(of: structure.count) {
                switch freedom {
                case .axes(let axes):
                    try constraints.fixed.fix(
                        atom, x: axes.contains("x"), y: axes.contains("y"), z: axes.contains("z"))
                case .line(let direction): try constraints.fixed.fix(atom, toLineAlong: direction)
                case .plane(let normal): try constraints.fixed.fix(atom, toPlaneWithNormal: normal)
                }
            }
        }
        for (bodies, place) in bodies {
            switch bodies {
            case .molecules:
                let molecules = try structure.molecules()
                guard !molecules.isEmpty else {
                    throw place.error("expected molecules, found no atoms within a bond's length of each other")
                }
                if let large = molecules.first(where: { $0.count > Self.largestMolecule }) {
                    throw place.error(
                        "expected molecules, found \(large.count) atoms that bonds join, from atom \(large[0] + 1) on; give the groups one by one"
                    )
                }
                constraints.bodies += molecules
            case .groups(let groups): constraints.bodies += try groups.map { try $0.atoms(of: structure.count) }
            }
        }
        var known: Set<SIMD2<Int>> = []
        func add(_ bond: Constraints.Bond) {
            guard known.insert(SIMD2(min(bond.first, bond.second), max(bond.first, bond.second))).inserted else {
                return
            }
            constraints.bonds.append(bond)
        }
        for bond in bonds {
            switch bond {
            case .elements(let a, let b, let place):
                let found = try structure.bonds(between: a, b)
                guard !found.isEmpty else {
                    throw place.error(
                        "expected bonds \(a?.symbol ?? "X")-\(b?.symbol ?? "X") in the structure, found none (a bond is at most 1.25 times the sum of covalent radii)"
                    )
                }
                found.forEach(add)
            case .atoms(let first, let second, let length, let place):
                guard max(first, second) < structure.count else {
                    throw place.error(
                        "expected numbers of 1…\(structure.count), the atoms that are simulated, found \(max(first, second) + 1)"
                    )
                }
                add(.init(first, second, length: length))
            }
        }
        if let tolerance { constraints.tolerance = tolerance }
        return constraints
    }

    /// A crystal is no molecule.
    private static let largestMolecule = 1000

    /// The masses of a run, if they are other than the structure's.
    func masses(of structure: Structure) throws -> [Double]? {
        try hydrogenMass.map { try structure.massesWithHydrogen(of: $0) }
    }
}
