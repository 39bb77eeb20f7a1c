import Atoms

/// Atoms that cannot move, or only along some of the axes x, y and z: points, planes and lines.
///
/// What is fixed has no velocity and counts for no degree of freedom; the forces on it are known all the same.
public struct FixedAtoms: Sendable, Equatable {
    /// By index from 0: 1 along the axes that are free.
    private var axes: [Int: SIMD3<Double>] = [:]

    public init() {}

    /// Fixes an atom along some of the axes, beside what is fixed already.
    public mutating func fix(_ atom: Int, x: Bool = true, y: Bool = true, z: Bool = true) {
        axes[atom] = free(atom) * SIMD3(x ? 0 : 1, y ? 0 : 1, z ? 0 : 1)
    }

    public var isEmpty: Bool { axes.isEmpty }
    public var count: Int { axes.count }

    func free(_ atom: Int) -> SIMD3<Double> { axes[atom] ?? SIMD3(1, 1, 1) }
}
