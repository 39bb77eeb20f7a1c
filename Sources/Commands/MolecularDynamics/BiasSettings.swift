import Atoms
import Dynamics
import Foundation
import Settings

/// What acts on the atoms of a run beside the potential: `restraints`, `walls` and `plumed`.
///
///     restraints: [{distance: [1, 2], at: 2.5 Å, constant: 5 eV/Å^2}]
///     walls: [{sphere: [0, 0, 0], radius: 12 Å, constant: 1 eV/Å^2}]
///     plumed: plumed.dat
struct BiasSettings {
    private enum Restrained {
        case positions(AtomSelection)
        case coordinate(InternalCoordinate, at: Double, Restraint.Side)
        case plane(SIMD3<Double>, at: Double, Restraint.Side, AtomSelection?)
        case sphere(SIMD3<Double>, radius: Double, Restraint.Side, AtomSelection?)
    }

    private var restraints: [(what: Restrained, constant: Double, place: SettingsPlace)] = []
    private var walls = 0
    private var plumed: (input: String, log: String)?

    init(_ settings: Settings) throws {
        for value in try settings.optional("restraints")?.oneOrMore() ?? [] {
            restraints.append(try Self.restraint(value.section(), value.place))
        }
        for value in try settings.optional("walls")?.oneOrMore() ?? [] {
            restraints.append(try Self.wall(value.section(), value.place))
            walls += 1
        }
        guard let value = settings.optional("plumed") else { return }
        if value.isSection {
            let section = try value.section()
            plumed = (try section.file("file"), try section.optional("log")?.file() ?? "plumed.log")
        } else {
            plumed = (try value.file(), "plumed.log")
        }
    }

    var isEmpty: Bool { restraints.isEmpty && plumed == nil }
    /// PLUMED's input.
    var input: String? { plumed?.input }
    /// PLUMED's log; what else it writes stands in its input.
    var log: String? { plumed?.log }

    private static func restraint(
        _ settings: Settings, _ place: SettingsPlace
    ) throws -> (Restrained, Double, SettingsPlace) {
        let kinds = ["positions", "distance", "angle", "dihedral"].filter { settings.optional($0) != nil }
        guard kinds.count == 1, let kind = kinds.first else {
            throw place.error("expected one of positions, distance, angle and dihedral, found \(kinds)")
        }
        let value = try settings.value(kind)
        if kind == "positions" {
            return (
                .positions(try AtomSelection(value)), try settings.quantity("constant", .stiffness, in: .nonNegative),
                place
            )
        }
        let atoms = try value.list().map { try $0.integer(in: .positive) - 1 }
        let expected = ["distance": 2, "angle": 3, "dihedral": 4][kind]!
        guard atoms.count == expected, Set(atoms).count == expected else {
            throw value.error("expected \(expected) different atoms, found \(atoms.map { $0 + 1 })")
        }
        let side = try settings.choice("side", of: Restraint.Side.self, default: .both)
        switch kind {
        case "distance":
            let at = try settings.quantity("at", .length, in: .nonNegative)
            return (
                .coordinate(.distance(atoms[0], atoms[1]), at: at, side),
                try settings.quantity("constant", .stiffness, in: .nonNegative), place
            )
        case "angle":
            let at = try settings.quantity("at", .angle, in: 0...180) * .pi / 180
            return (
                .coordinate(.angle(atoms[0], atoms[1], atoms[2]), at: at, side),
                try settings.quantity("constant", .angularStiffness, in: .nonNegative), place
            )
        default:
            let at = try settings.quantity("at", .angle, in: -360...360) * .pi / 180
            return (
                .coordinate(.dihedral(atoms[0], atoms[1], atoms[2], atoms[3]), at: at, side),
                try settings.quantity("constant", .angularStiffness, in: .nonNegative), place
            )
        }
    }

    private static func wall(_ settings: Settings, _ place: SettingsPlace) throws -> (
        Restrained, Double, SettingsPlace
    ) {
        let atoms = try settings.optional("indices").map { try AtomSelection($0) }
        let constant = try settings.quantity("constant", .stiffness, in: .nonNegative)
        if let value = settings.optional("sphere") {
            let centre = try value.list().map { try $0.quantity(.length) }
            guard centre.count == 3 else {
                throw value.error("expected the centre as three numbers, found \(centre)")
            }
            let side = try settings.choice("side", of: Restraint.Side.self, default: .above)
            return (
                .sphere(
                    SIMD3(centre[0], centre[1], centre[2]),
                    radius: try settings.quantity("radius", .length, in: .positive),
                    side, atoms), constant, place
            )
        }
        let value = try settings.value("plane", expected: "plane (x, y, z or a normal) or sphere (a centre)")
        let normal = try ConstraintSettings.direction(value)
        let side = try settings.choice("side", of: Restraint.Side.self)
        return (
            .plane(normal * (1 / norm(normal)), at: try settings.quantity("at", .length), side, atoms), constant,
            place
        )
    }
}

extension BiasSettings {
    /// The biases of a run.
    ///
    /// - Parameters:
    ///   - structure: of the start, where positions are held.
    ///   - checkpoint: that the run goes on from, whose places count.
    ///   - predictsCharges: whether the potential does, which PLUMED is given then.
    func biases(
        of structure: Structure, masses: [Double], charges: [Double]?, predictsCharges: Bool,
        continuing checkpoint: Checkpoint?, temperature: Temperature?, timestep: Time
    ) throws -> [any Bias] {
        var biases: [any Bias] = []
        if !restraints.isEmpty {
            biases.append(
                try Restraints(
                    try restraints.flatMap { try own($0.what, $0.constant, $0.place, structure) },
                    atomCount: structure.count, description: description,
                    state: checkpoint?.biases.first.flatMap { $0.isEmpty ? nil : $0 }))
        }
        if let plumed {
            var options = Plumed.Options(input: plumed.input, log: plumed.log)
            options.isRestart = checkpoint != nil
            options.temperature = temperature?.kelvin
            options.usesPredictedCharges = predictsCharges
            biases.append(try Plumed(options, masses: masses, charges: charges, timestep: timestep))
        }
        return biases
    }

    private func own(
        _ what: Restrained, _ constant: Double, _ place: SettingsPlace, _ structure: Structure
    ) throws -> [Restraint] {
        let count = structure.count
        func atoms(_ selection: AtomSelection?) throws -> [Int] {
            try selection?.atoms(of: count) ?? Array(0..<count)
        }
        switch what {
        case .positions(let selection):
            return try atoms(selection).map {
                Restraint(.position(atom: $0, place: structure.positions[$0]), constant: constant)
            }
        case .coordinate(let coordinate, let at, let side):
            if let atom = coordinate.atoms.first(where: { $0 >= count }) {
                throw place.error(
                    "expected numbers of 1…\(count), the atoms that are simulated, found \(atom + 1)")
            }
            return [Restraint(.coordinate(coordinate, at: at), side: side, constant: constant)]
        case .plane(let normal, let at, let side, let selection):
            return try atoms(selection).map {
                Restraint(.plane(atom: $0, normal: normal, at: at), side: side, constant: constant)
            }
        case .sphere(let centre, let radius, let side, let selection):
            return try atoms(selection).map {
                Restraint(.sphere(atom: $0, centre: centre, radius: radius), side: side, constant: constant)
            }
        }
    }

    /// `2 restraints, 1 wall`
    private var description: String {
        let counts = [(restraints.count - walls, "restraint"), (walls, "wall")].filter { $0.0 > 0 }
        return counts.map { Written.count($0.0, $0.1) }.joined(separator: ", ")
    }
}
