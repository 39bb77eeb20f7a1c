import Atoms
import Compute
import Potentials

/// Structures as a potential sees them: the scalars behind its last layer, averaged over the atoms of each element.
/// They know what matters for energies, and as much of it as the potential has learned.
public final class PotentialFeatures {
    private let features: AtomFeatures
    private let placeOf: [Element: Int]

    /// - Parameter elements: of all structures; all must be the potential's.
    public init(_ potential: Potential, elements: [Element], parallelism: Parallelism) throws {
        features = try AtomFeatures(potential, parallelism: parallelism)
        try features.check(elements: elements)
        placeOf = Dictionary(uniqueKeysWithValues: elements.enumerated().map { ($1, $0) })
    }

    /// The sum over the atoms of an element, divided by the number of all atoms, one element behind the other.
    ///
    /// Throws where a structure has no neighbour list, or features that are not finite.
    public func callAsFunction(_ structure: Structure) throws -> [Float] {
        let rows = try features(structure)
        let width = rows.first?.count ?? 0
        var sums = [Double](repeating: 0, count: placeOf.count * width)
        for (element, row) in zip(structure.elements, rows) {
            let first = placeOf[element]! * width
            for k in row.indices { sums[first + k] += Double(row[k]) / Double(rows.count) }
        }
        return sums.map { Float($0) }
    }

    /// Puts vectors into the unit of their mean norm, so that distances are of the size that those of power spectra
    /// have. Throws where the disk fails.
    public static func scale(_ vectors: VectorStore<Float>) throws {
        let width = vectors.width
        var sum = 0.0
        for block in vectors.blocks() {
            let rows = try vectors.rows(block)
            for start in stride(from: 0, to: rows.count, by: width) {
                sum += rows[start..<start + width].reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            }
        }
        let mean = sum / Double(max(1, vectors.count))
        guard mean > 0 else { return }
        for block in vectors.blocks() {
            try vectors.replace(block, by: vectors.rows(block).map { Float(Double($0) / mean) })
        }
    }
}
