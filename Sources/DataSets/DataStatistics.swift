import Atoms
import Compute
import Foundation
import Interactions
import Neighbors
import Potentials

/// What a model takes from its training data: elements, energies of isolated atoms, the size of forces, and how
/// closely atoms are packed.
public struct DataStatistics: Sendable {
    public let elements: [Element]
    /// Mean number of neighbours within the cutoff; 1 where there are none.
    public let averageNeighbors: Double
    /// Root mean square of the force components less the pair potential's, eV/Å; 1 where there are none, or none but
    /// what rounding leaves of zero.
    public let forcesRMS: Double
    /// The same as it was found; `nil` where there are none.
    public let measuredForcesRMS: Double?
    /// What was found, where it is too small to be the size of anything: `forcesRMS` is then 1.
    public var vanishingForces: Double? { measuredForcesRMS.flatMap { $0 <= Self.smallestForce ? $0 : nil } }
    /// Below this, eV/Å, forces are what convergence and rounding leave of zero, in perfect crystals for example: no
    /// scale of energies, and not zero only by chance. Calculations are converged to 10⁻³ to 10⁻⁴ eV/Å.
    private static let smallestForce = 1e-4
    /// `[structure]` The pair potential's energy, eV.
    public let pairEnergies: [Double]
    /// The shortest distance of each pair of elements, Å, by `A-B`.
    public let shortestDistances: [String: Double]

    /// Those that occur, by atomic number.
    public static func elements(of structures: some Sequence<Structure>) -> [Element] {
        structures.reduce(into: Set<Element>()) { $0.formUnion($1.elements) }.sorted()
    }

    /// - Parameters:
    ///   - cutoff: how far atoms see each other; neighbours are counted within it.
    ///   - pairPotential: what a model adds to its network, which then learns the rest.
    public init(
        _ structures: some Collection<Structure>, cutoff: ElementCutoffs, pairPotential: ZBL? = nil,
        parallelism: Parallelism
    ) throws {
        elements = Self.elements(of: structures)
        var (edges, atoms) = (0, 0)
        var (squares, components) = (0.0, 0)
        var shortest: [String: Double] = [:]
        var pairEnergies: [Double] = []
        var pair = InteractionResult()
        for structure in structures {
            let list = try EdgeList(
                positions: structure.positions, cell: structure.cell, cutoffs: Cutoffs(cutoff.longest),
                parallelism: parallelism)
            edges += cutoff.count(of: list, between: structure.elements)
            atoms += structure.count
            pair.reset(count: structure.count)
            try pairPotential?.evaluate(
                Configuration(
                    elements: structure.elements, positions: structure.positions, cell: structure.cell, edges: list),
                into: &pair)
            pairEnergies.append(pair.energy)
            for (atom, (force, known)) in zip(structure.forces ?? [], pair.forces).enumerated() {
                guard let weights = structure.forceWeights?[atom] else {
                    squares += dot(force - known, force - known)
                    components += 3
                    continue
                }
                for axis in 0..<3 where weights[axis] > 0 {
                    squares += (force[axis] - known[axis]) * (force[axis] - known[axis])
                    components += 1
                }
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
                let name = Potential.pairKey(Element(atomicNumber: pair.x)!, Element(atomicNumber: pair.y)!)
                shortest[name] = min(shortest[name] ?? .infinity, square.squareRoot())
            }
        }
        averageNeighbors = atoms > 0 && edges > 0 ? Double(edges) / Double(atoms) : 1
        measuredForcesRMS = components > 0 ? (squares / Double(components)).squareRoot() : nil
        forcesRMS = measuredForcesRMS.flatMap { $0 > Self.smallestForce ? $0 : nil } ?? 1
        shortestDistances = shortest
        self.pairEnergies = pairEnergies
    }

    /// Energies of isolated atoms by least squares on the total energies, `E ≈ Σ_t n_t E_t`, in eV by element.
    ///
    /// A ridge of 10⁻⁸ of the mean diagonal towards the mean energy per atom decides what compositions leave open
    /// (one element always with the same share, for example); `isDetermined` tells whether it had to.
    ///
    /// - Parameters:
    ///   - known: energies that are not to be fitted, eV.
    ///   - pairEnergies: `[structure]` what is not the atoms' own, eV; none unless given.
    public static func isolatedAtomEnergies(
        _ structures: some Collection<Structure>, elements: [Element], known: [Element: Double] = [:],
        pairEnergies: [Double] = []
    ) throws -> (energies: [Double], isDetermined: Bool) {
        let free = elements.filter { known[$0] == nil }
        guard !free.isEmpty else { return (elements.map { known[$0]! }, true) }
        // Numbers of atoms of the free elements, and the energy that is left for them.
        let labelled = structures.enumerated().compactMap { index, structure -> (counts: [Double], energy: Double)? in
            guard let energy = structure.energy else { return nil }
            let counts = free.map { element in Double(structure.elements.count { $0 == element }) }
            guard counts.contains(where: { $0 > 0 }) else { return nil }
            let rest = structure.elements.reduce(pairEnergies.isEmpty ? 0 : pairEnergies[index]) {
                $0 + (known[$1] ?? 0)
            }
            return (counts, energy - rest)
        }
        let fit = try isolatedAtomEnergies(labelled, of: free)
        let fitted = Dictionary(uniqueKeysWithValues: zip(free, fit.energies))
        return (elements.map { known[$0] ?? fitted[$0]! }, fit.isDetermined)
    }

    /// The same of numbers of atoms and energies.
    static func isolatedAtomEnergies(
        _ rows: some Collection<(counts: [Double], energy: Double)>, of elements: [Element]
    ) throws -> (energies: [Double], isDetermined: Bool) {
        guard !rows.isEmpty else {
            throw DataSetError(
                "no structure with \(elements.map(\.symbol).joined(separator: ", ")) has an energy: give per_type_energy_shifts, one number for each element"
            )
        }
        let mean = rows.reduce(0) { $0 + $1.energy } / rows.reduce(0) { $0 + $1.counts.reduce(0, +) }
        let less = rows.lazy.map { ($0.counts, $0.energy - mean * $0.counts.reduce(0, +)) }
        guard let fit = LeastSquares(less) else {
            throw DataSetError("the energies are too large for a fit of one for each element: are they in eV?")
        }
        return (fit.values.map { $0 + mean }, fit.isDetermined)
    }

    /// eV/atom: no atom is bound by more, not even when it is compared with one that is not polarised.
    static let strongestBond = 15.0

    /// The median distance of energies per atom from sums over atoms, eV/atom, where it is more than bonds can be.
    static func energyDistance(
        of structures: some Collection<Structure>, from shift: (Element) -> Double
    ) -> Double? {
        let rests = structures.compactMap { structure in
            structure.energy.map { ($0 - structure.elements.reduce(0) { $0 + shift($1) }) / Double(structure.count) }
        }
        return energyDistance(rests)
    }

    /// The same of what sums over atoms leave of energies, eV/atom.
    static func energyDistance(_ rests: [Double]) -> Double? {
        let median = DataCheck.median(rests)
        return abs(median) > strongestBond ? median : nil
    }
}
