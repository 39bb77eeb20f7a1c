import Atoms
import Compute
import Foundation
import Neighbors

/// What a model takes from its training data: elements, energies of isolated atoms, the size of forces, and how
/// closely atoms are packed.
public struct DataStatistics: Sendable {
    public let elements: [Element]
    /// Mean number of neighbours within the cutoff.
    public let averageNeighbors: Double
    /// Root mean square of the force components, eV/Å; 1 where there are none.
    public let forcesRMS: Double
    /// The shortest distance of each pair of elements, Å, by `A-B`.
    public let shortestDistances: [String: Double]

    public init(_ structures: [Structure], cutoff: Double, parallelism: Parallelism) throws {
        elements = Set(structures.flatMap(\.elements)).sorted()
        var (edges, atoms) = (0, 0)
        var (squares, components) = (0.0, 0)
        var shortest: [String: Double] = [:]
        for structure in structures {
            let list = try EdgeList(
                positions: structure.positions, cell: structure.cell, cutoffs: Cutoffs(cutoff),
                parallelism: parallelism)
            edges += list.count
            atoms += structure.count
            for force in structure.forces ?? [] {
                squares += dot(force, force)
                components += 3
            }
            var nearest: [SIMD2<Int>: Double] = [:]
            for edge in 0..<list.count {
                let (a, b) = (
                    structure.elements[Int(list.receivers[edge])], structure.elements[Int(list.sources[edge])]
                )
                let r2 = list.x[edge] * list.x[edge] + list.y[edge] * list.y[edge] + list.z[edge] * list.z[edge]
                let key = SIMD2(min(a, b).atomicNumber, max(a, b).atomicNumber)
                nearest[key] = min(nearest[key] ?? .infinity, r2)
            }
            for (pair, square) in nearest {
                let name = "\(Element(atomicNumber: pair.x)!)-\(Element(atomicNumber: pair.y)!)"
                shortest[name] = min(shortest[name] ?? .infinity, square.squareRoot())
            }
        }
        averageNeighbors = atoms > 0 && edges > 0 ? Double(edges) / Double(atoms) : 1
        forcesRMS = squares > 0 ? (squares / Double(components)).squareRoot() : 1
        shortestDistances = shortest
    }

    /// Energies of isolated atoms by least squares on the total energies, `E ≈ Σ_t n_t E_t`, in eV by element.
    ///
    /// A ridge of 10⁻⁸ of the mean diagonal towards the mean energy per atom decides what compositions leave open
    /// (one element always with the same share, for example); `isDetermined` tells whether it had to.
    public static func isolatedAtomEnergies(
        _ structures: [Structure], elements: [Element]
    ) throws -> (energies: [Double], isDetermined: Bool) {
        let labelled = structures.filter { $0.energy != nil }
        guard !labelled.isEmpty else {
            throw TrainingError(
                "no structure has an energy: give per_type_energy_shifts, one number for each element")
        }
        let n = elements.count
        let mean = labelled.reduce(0) { $0 + $1.energy! } / Double(labelled.reduce(0) { $0 + $1.count })
        var normal = [[Double]](repeating: Array(repeating: 0, count: n), count: n)
        var right = [Double](repeating: 0, count: n)
        for structure in labelled {
            let counts = elements.map { element in Double(structure.elements.count { $0 == element }) }
            let excess = structure.energy! - mean * Double(structure.count)
            for i in 0..<n {
                right[i] += counts[i] * excess
                for j in 0..<n { normal[i][j] += counts[i] * counts[j] }
            }
        }
        let ridge = 1e-8 * (0..<n).reduce(0) { $0 + normal[$1][$1] } / Double(n)
        var smallest = Double.infinity
        // Cholesky elimination of the positive definite normal equations.
        for i in 0..<n { normal[i][i] += ridge }
        for k in 0..<n {
            smallest = min(smallest, normal[k][k])
            for i in (k + 1)..<max(n, k + 1) {
                let factor = normal[i][k] / normal[k][k]
                for j in k..<n { normal[i][j] -= factor * normal[k][j] }
                right[i] -= factor * right[k]
            }
        }
        var x = [Double](repeating: 0, count: n)
        for k in stride(from: n - 1, through: 0, by: -1) {
            x[k] = (right[k] - ((k + 1)..<max(n, k + 1)).reduce(0) { $0 + normal[k][$1] * x[$1] }) / normal[k][k]
        }
        return (x.map { $0 + mean }, smallest > 100 * ridge)
    }
}
