import Atoms
import Foundation

/// Which structures are isolated atoms, and when two of them agree.
enum IsolatedAtoms {
    /// eV: what convergence and the box leave; below it no model can tell.
    static let tolerance = 1e-3

    static func agree(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= tolerance }

    /// Å, and sums of covalent radii: images of an atom that are nearer are neighbours, if stretched ones. Bonds of 2.5
    /// times the usual length still hold a tenth of an electronvolt.
    private static let farthestImage = (distance: 8.0, bonds: 2.5)

    /// Whether a structure is one atom in empty space: without a cell, in one whose images are far off, or called so by
    /// its `config_type`. An atom of a stretched crystal is none, even if no image is within the cutoff.
    static func contains(_ structure: Structure, cutoff: Double) -> Bool {
        guard structure.count == 1 else { return false }
        guard let cell = structure.cell, cell.isPeriodic != SIMD3(0, 0, 0) else { return true }
        let type = (structure.information["config_type"] ?? "").lowercased().filter(\.isLetter)
        if ["isolatedatom", "isolated", "singleatom", "freeatom"].contains(type) { return true }
        let bond = 2 * structure.elements[0].covalentRadius
        let far = max(farthestImage.distance, farthestImage.bonds * bond, cutoff)
        return shortestImage(cell) >= far
    }

    /// The shortest vector between images, Å, of those that are sums of at most two of each lattice vector.
    private static func shortestImage(_ cell: Cell) -> Double {
        var shortest = Double.infinity
        let reach = { (axis: Int) in cell.repeats(along: axis) ? -2...2 : 0...0 }
        for i in reach(0) {
            for j in reach(1) {
                for k in reach(2) where SIMD3(i, j, k) != SIMD3(0, 0, 0) {
                    shortest = min(shortest, norm(SIMD3(Double(i), Double(j), Double(k)) * cell.vectors))
                }
            }
        }
        return shortest
    }
}
