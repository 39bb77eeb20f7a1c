import Atoms
import Compute

/// Structures around a given one: atoms displaced, cells strained. A function of the seed and the number of the
/// structure, so that nothing depends on the order in which they are made.
public struct PerturbedStructures: Sendable {
    /// Å. Standard deviations of displacements along each axis; each structure has one of this range, all equally
    /// likely.
    public var amplitudes: ClosedRange<Double>
    /// The largest component of the strain, a symmetric matrix whose six components are drawn independently; 0 leaves
    /// cells as they are.
    public var strain: Double
    public var seed: UInt64
    /// What else is drawn by this seed has another one.
    private static let (displacements, amplitude, strains): (UInt32, UInt32, UInt32) = (21, 22, 23)

    public init(amplitudes: ClosedRange<Double>, strain: Double = 0, seed: UInt64) {
        precondition(
            amplitudes.lowerBound >= 0 && (0..<1).contains(strain),
            "expected amplitudes of 0 or more and a strain of 0..<1, got \(amplitudes) and \(strain)")
        (self.amplitudes, self.strain, self.seed) = (amplitudes, strain, seed)
    }

    /// - Parameter number: of the structure; another number gives another one.
    public func callAsFunction(_ number: Int, around given: Structure) -> Structure {
        let random = Philox(seed: seed)
        func uniform(_ stream: UInt32, _ index: Int) -> SIMD4<Double> {
            random.uniforms(at: Philox.counter(step: number, index: index, stream: stream))
        }
        var made = Structure(elements: given.elements, positions: given.positions, cell: given.cell)
        if strain > 0, let cell = given.cell {
            let (diagonal, mixed) = (uniform(Self.strains, 0) * 2 - 1, uniform(Self.strains, 1) * 2 - 1)
            let deformation = strain(
                SIMD3(diagonal.x, diagonal.y, diagonal.z) * strain, SIMD3(mixed.x, mixed.y, mixed.z) * strain)
            made.cell!.vectors = cell.vectors * deformation
            made.positions = made.positions.map { $0 * deformation }
        }
        let x = uniform(Self.amplitude, 0).x
        let sigma = amplitudes.lowerBound + x * (amplitudes.upperBound - amplitudes.lowerBound)
        for atom in made.positions.indices {
            let n = random.normals(at: Philox.counter(step: number, index: atom, stream: Self.displacements))
            made.positions[atom] += SIMD3(n.x, n.y, n.z) * sigma
        }
        return made
    }

    /// 1 + ε of the components xx, yy, zz and yz, xz, xy.
    private func strain(_ d: SIMD3<Double>, _ m: SIMD3<Double>) -> Matrix3 {
        Matrix3(SIMD3(1 + d.x, m.z, m.y), SIMD3(m.z, 1 + d.y, m.x), SIMD3(m.y, m.x, 1 + d.z))
    }
}
