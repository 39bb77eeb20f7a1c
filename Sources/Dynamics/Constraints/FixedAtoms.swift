import Atoms

/// Atoms that cannot move, or only in a plane or along a line: points, planes and lines.
///
/// What is fixed has no velocity and counts for no degree of freedom; the forces on it are known all the same.
public struct FixedAtoms: Sendable, Equatable, Codable {
    /// What an atom moves along, if neither line nor plane is one of x, y and z. Unit vectors.
    enum Guide: Sendable, Equatable, Codable {
        case line(SIMD3<Double>)
        /// By its normal.
        case plane(SIMD3<Double>)

        /// The part of a vector along it.
        func project(_ v: SIMD3<Double>) -> SIMD3<Double> {
            switch self {
            case .line(let direction): direction * dot(direction, v)
            case .plane(let normal): v - normal * dot(normal, v)
            }
        }

        var degreesOfFreedom: Int { if case .line = self { 1 } else { 2 } }
    }

    /// By index from 0: 1 along the axes that are free.
    private var axes: [Int: SIMD3<Double>] = [:]
    private(set) var guides: [Int: Guide] = [:]

    public init() {}

    /// Fixes an atom along some of the axes, beside what is fixed already.
    ///
    /// - Throws: `SimulationError` when the atom is on a line or plane that is not along the axes.
    public mutating func fix(_ atom: Int, x: Bool = true, y: Bool = true, z: Bool = true) throws {
        if guides[atom] != nil {
            guard x, y, z else { throw Self.twice(atom) }
            guides[atom] = nil
        }
        axes[atom] = free(atom) * SIMD3(x ? 0 : 1, y ? 0 : 1, z ? 0 : 1)
    }

    /// Leaves an atom the line along a direction through where it is.
    ///
    /// - Throws: `SimulationError` for a direction that is none, or when the atom is on another line or plane.
    public mutating func fix(_ atom: Int, toLineAlong direction: SIMD3<Double>) throws {
        let unit = try Self.unit(direction)
        if let axis = Self.axis(unit) { return try fix(atom, x: axis != 0, y: axis != 1, z: axis != 2) }
        try add(.line(unit), to: atom)
    }

    /// Leaves an atom the plane with a normal through where it is.
    ///
    /// - Throws: `SimulationError` for a normal that is none, or when the atom is on another line or plane.
    public mutating func fix(_ atom: Int, toPlaneWithNormal normal: SIMD3<Double>) throws {
        let unit = try Self.unit(normal)
        if let axis = Self.axis(unit) { return try fix(atom, x: axis == 0, y: axis == 1, z: axis == 2) }
        try add(.plane(unit), to: atom)
    }

    public var isEmpty: Bool { axes.isEmpty && guides.isEmpty }
    public var count: Int { axes.count + guides.count }

    func free(_ atom: Int) -> SIMD3<Double> { axes[atom] ?? SIMD3(1, 1, 1) }

    /// The atoms that something is fixed of.
    var atoms: Set<Int> { Set(axes.filter { $0.value != SIMD3(1, 1, 1) }.keys).union(guides.keys) }

    private mutating func add(_ guide: Guide, to atom: Int) throws {
        if axes[atom] == .zero { return }
        guard guides[atom] == nil || guides[atom] == guide, free(atom) == SIMD3(1, 1, 1) else {
            throw Self.twice(atom)
        }
        guides[atom] = guide
    }

    private static func twice(_ atom: Int) -> SimulationError {
        SimulationError(
            .invalidSetting,
            "Atom \(atom + 1) is fixed to two lines or planes; expected one, or lines and planes along x, y and z.")
    }

    private static func unit(_ vector: SIMD3<Double>) throws -> SIMD3<Double> {
        let length = norm(vector)
        guard length.isFinite, length > 0 else {
            throw SimulationError(
                .invalidSetting, "A line or plane needs a direction that is not zero; got \(vector).")
        }
        return vector * (1 / length)
    }

    /// Which of x, y and z a unit vector is along, if it is exactly.
    private static func axis(_ unit: SIMD3<Double>) -> Int? {
        (0..<3).first { k in (0..<3).allSatisfy { $0 == k || unit[$0] == 0 } }
    }
}
