import Atoms

/// What the columns of the atom lines mean, from `Properties=name:type:count:…`.
struct Columns: Equatable {
    /// Where the word of a column goes; `component(0…13)` numbers position, force, velocity (three each), mass,
    /// the deviation of forces, and momentum (three).
    enum Slot: Equatable {
        case component(Int)
        case symbol
        case atomicNumber
        /// A component of one of `properties`.
        case property(Int)
        /// Whether the atom is free along an axis; nil for all three.
        case moveMask(axis: Int?)
        /// What the force counts along an axis; nil for all three.
        case forceWeight(axis: Int?)
        case ignored
    }

    private(set) var slots: [Slot] = []
    private(set) var names: [String] = []
    private(set) var hasForces = false
    private(set) var hasVelocities = false
    /// ASE's momenta in √(eV·amu).
    private(set) var hasMomenta = false
    private(set) var hasMasses = false
    private(set) var hasDeviations = false
    private(set) var hasMoveMask = false
    private(set) var hasForceWeights = false
    /// Labels of atoms beside forces, in the order of their columns.
    private(set) var properties: [Property] = []

    /// First slot numbers of the columns that are read.
    static let position = 0
    static let force = 3
    static let velocity = 6
    static let mass = 9
    static let deviation = 10
    static let momentum = 11

    private static let symbolNames: Set = ["species", "symbol", "symbols", "element"]
    private static let numberNames: Set = ["Z", "numbers", "atomic_numbers"]
    private static let positionNames: Set = ["pos", "positions"]
    private static let velocityNames: Set = ["velocities", "velocity", "velo", "vel"]

    /// Plain XYZ: a symbol and three coordinates.
    static let plain = Columns()

    private init() {
        names = ["species", "pos"]
        slots = [.symbol, .component(0), .component(1), .component(2)]
    }

    /// Throws `FormatProblem`. Columns of these names become labels.
    ///
    /// - Parameter forceWeights: the name of the column of what forces count, if one is asked for.
    init(_ text: String, labels: [String: Property], forceWeights: String? = nil) throws {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count % 3 == 0, !parts.isEmpty else {
            throw FormatProblem(
                "expected Properties=name:type:count:…, found \"\(text)\" with \(parts.count) parts")
        }
        var hasPosition = false
        let hasSymbols = stride(from: 0, to: parts.count, by: 3).contains { Self.symbolNames.contains(parts[$0]) }
        for first in stride(from: 0, to: parts.count, by: 3) {
            let (name, type) = (parts[first], parts[first + 1])
            guard let width = Int(parts[first + 2]), (1...10_000).contains(width) else {
                throw FormatProblem(
                    "expected a number of columns for \(name) in Properties, found \"\(parts[first + 2])\"")
            }
            guard ["R", "I", "S", "L"].contains(type) else {
                throw FormatProblem(
                    "expected the type of \(name) in Properties to be R, I, S or L, found \"\(type)\"")
            }
            guard !names.contains(name) else {
                throw FormatProblem("expected every column once in Properties, found \(name) twice")
            }
            names.append(name)
            func expect(_ expectedType: String, _ expectedWidth: Int) throws {
                guard (type == expectedType || (expectedType == "R" && type == "I")) && width == expectedWidth else {
                    throw FormatProblem(
                        "expected \(name):\(expectedType):\(expectedWidth) in Properties, found \(name):\(type):\(width)"
                    )
                }
            }
            let vector = { (start: Int) in (start..<start + 3).map(Slot.component) }
            if let property = labels[name] {
                try expect("R", property.shape.components)
                if property == .forces {
                    hasForces = true
                    slots += vector(Self.force)
                } else {
                    slots += Array(repeating: .property(properties.count), count: width)
                    properties.append(property)
                }
            } else if Self.symbolNames.contains(name), !slots.contains(.symbol) {
                try expect("S", 1)
                slots.append(.symbol)
            } else if Self.numberNames.contains(name), !hasSymbols, !slots.contains(.atomicNumber) {
                try expect("I", 1)
                slots.append(.atomicNumber)
            } else if Self.positionNames.contains(name), !hasPosition {
                try expect("R", 3)
                hasPosition = true
                slots += vector(Self.position)
            } else if Self.velocityNames.contains(name), !hasVelocities {
                try expect("R", 3)
                hasVelocities = true
                slots += vector(Self.velocity)
            } else if name == "momenta" {
                try expect("R", 3)
                hasMomenta = true
                slots += vector(Self.momentum)
            } else if name == "forces_deviation" {
                try expect("R", 1)
                hasDeviations = true
                slots.append(.component(Self.deviation))
            } else if let forceWeights, name == forceWeights {
                guard width == 1 || width == 3, type != "S" else {
                    throw FormatProblem(
                        "expected \(name):R:1 or \(name):R:3 in Properties, found \(name):\(type):\(width)")
                }
                hasForceWeights = true
                slots += (0..<width).map { .forceWeight(axis: width == 1 ? nil : $0) }
            } else if name == "move_mask", width == 1 || width == 3, type == "L" || type == "I" {
                hasMoveMask = true
                slots += (0..<width).map { .moveMask(axis: width == 1 ? nil : $0) }
            } else if name == "masses" {
                try expect("R", 1)
                hasMasses = true
                slots.append(.component(Self.mass))
            } else {
                slots += Array(repeating: .ignored, count: width)
            }
        }
        guard hasPosition, slots.contains(where: { $0 == .symbol || $0 == .atomicNumber }) else {
            throw FormatProblem(
                "expected species:S:1 (or Z:I:1) and pos:R:3 in Properties, found \"\(text)\"")
        }
    }
}
