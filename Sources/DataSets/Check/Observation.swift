import Atoms
import Neighbors

/// A structure as it is handed to the checks, with what they have in common; nothing of it is kept.
struct Observation {
    /// Its number, from 0.
    let index: Int
    /// Labels that cannot be are none.
    let structure: Structure
    let file: String
    let edges: EdgeList
    /// The shortest distance in units of the sum of covalent radii, and the atoms (from 1).
    let closest: (ratio: Double, distance: Double, a: Int, b: Int)?
    /// `[atom]` — the distance to the nearest neighbour in units of the sum of covalent radii, of those that have one.
    let nearest: [Double]
    /// The smallest and largest number of neighbours of an atom.
    let neighbors: ClosedRange<Int>
    let isIsolatedAtom: Bool
    /// What is wrong with the labels, which the structure then has no more.
    let impossible: String?

    /// Whether forces on some atoms are no labels.
    var isMasked: Bool { structure.forceWeights?.contains { $0.min() == 0 } ?? false }

    init(
        _ structure: Structure, index: Int, file: String, edges: EdgeList, cutoff: Double, impossible: String?
    ) {
        (self.structure, self.index, self.file, self.edges) = (structure, index, file, edges)
        self.impossible = impossible
        var nearest = [Double](repeating: .infinity, count: structure.count)
        var closest: (ratio: Double, distance: Double, a: Int, b: Int)?
        let radii = structure.elements.map(\.covalentRadius)
        for edge in 0..<edges.count {
            let (i, j) = (Int(edges.receivers[edge]), Int(edges.sources[edge]))
            let distance = norm(SIMD3(edges.x[edge], edges.y[edge], edges.z[edge]))
            let ratio = distance / (radii[i] + radii[j])
            nearest[i] = min(nearest[i], ratio)
            if ratio < closest?.ratio ?? .infinity { closest = (ratio, distance, i + 1, j + 1) }
        }
        let counts = (0..<structure.count).map { Int(edges.offsets[$0 + 1] - edges.offsets[$0]) }
        (self.closest, self.nearest) = (closest, nearest.filter(\.isFinite))
        neighbors = (counts.min() ?? 0)...(counts.max() ?? 0)
        isIsolatedAtom = IsolatedAtoms.contains(structure, cutoff: cutoff)
    }
}
