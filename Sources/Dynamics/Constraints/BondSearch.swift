import Atoms
import Neighbors

extension Structure {
    /// How much longer than the sum of covalent radii a bond may be, as a factor. Bonds vibrate by a tenth; the next
    /// neighbours of covalent structures are at 1.6.
    private static let bondStretch = 1.25

    /// Pairs of atoms that are bonded by their distance and the covalent radii of their elements.
    ///
    /// - Throws: `NeighborError` for cells without volume and the like.
    public func bonds() throws -> [Constraints.Bond] {
        let radii = Dictionary(grouping: elements, by: \.self).keys.map(\.covalentRadius)
        guard let largest = radii.max() else { return [] }
        var list = VerletList(cutoffs: Cutoffs(2 * largest * Self.bondStretch), skin: 0)
        try list.update(positions: positions, cell: cell)
        let edges = list.edges
        var bonds: [Constraints.Bond] = []
        for e in 0..<edges.count {
            let (i, j) = (Int(edges.receivers[e]), Int(edges.sources[e]))
            let limit = Self.bondStretch * (elements[i].covalentRadius + elements[j].covalentRadius)
            let r = SIMD3(edges.x[e], edges.y[e], edges.z[e])
            if i < j, dot(r, r) < limit * limit { bonds.append(.init(i, j)) }
        }
        return bonds
    }

    /// Bonds of hydrogen atoms to the nearest other atom: `(hydrogen, other)`, where there is one.
    func hydrogenBonds() throws -> [(hydrogen: Int, other: Int)] {
        let hydrogen = Element("H")!
        var nearest: [Int: (other: Int, square: Double)] = [:]
        for bond in try bonds() {
            for (i, j) in [(bond.first, bond.second), (bond.second, bond.first)]
            where elements[i] == hydrogen && elements[j] != hydrogen {
                let r = positions[j] - positions[i]
                let vector = r + (cell?.shiftToNearest(r) ?? .zero)
                let square = dot(vector, vector)
                if square < nearest[i]?.square ?? .infinity { nearest[i] = (j, square) }
            }
        }
        return nearest.sorted { $0.key < $1.key }.map { ($0.key, $0.value.other) }
    }

    /// Bonds between atoms of two elements; `nil` stands for any. A hydrogen atom has one bond at most, the shortest.
    ///
    /// - Throws: as `bonds`.
    public func bonds(between a: Element?, _ b: Element?) throws -> [Constraints.Bond] {
        let hydrogen = Element("H")!
        let own = Dictionary(uniqueKeysWithValues: try hydrogenBonds().map { ($0.hydrogen, $0.other) })
        return try bonds().filter { bond in
            let (i, j) = (elements[bond.first], elements[bond.second])
            guard (a ?? i) == i && (b ?? j) == j || (a ?? j) == j && (b ?? i) == i else { return false }
            guard i != hydrogen || j == hydrogen || own[bond.first] == bond.second else { return false }
            return j != hydrogen || i == hydrogen || own[bond.second] == bond.first
        }
    }

    /// The atoms of each molecule with more than one atom: those that bonds join.
    ///
    /// - Throws: as `bonds`.
    public func molecules() throws -> [[Int]] {
        var groups = Groups(count)
        for bond in try bonds() { groups.join(bond.first, bond.second) }
        return Dictionary(grouping: 0..<count) { groups.root($0) }.values.filter { $0.count > 1 }
            .sorted { $0[0] < $1[0] }
    }

    /// Masses with hydrogen made as heavy as asked for by mass that its neighbour gives, so that the total is what it
    /// was: fast vibrations become slower, and timesteps may be longer. What does not depend on masses, as all averages
    /// of positions, stays. Hopkins, Le Grand, Walker and Roitberg, J. Chem. Theory Comput. 11, 1864 (2015).
    ///
    /// - Parameter mass: of hydrogen, amu.
    /// - Throws: `SimulationError` where there is no neighbour, or one would become lighter than hydrogen.
    public func massesWithHydrogen(of mass: Double) throws -> [Double] {
        var masses = self.masses ?? elements.map(\.mass)
        let bonded = Dictionary(uniqueKeysWithValues: try hydrogenBonds().map { ($0.hydrogen, $0.other) })
        let hydrogen = Element("H")!
        for atom in 0..<count where elements[atom] == hydrogen {
            guard let other = bonded[atom] else {
                throw SimulationError(
                    .invalidSetting,
                    "hydrogen_mass: atom \(atom + 1) (H) is bonded to no atom that could give it mass; expected a heavier "
                        + "atom within a bond's length.")
            }
            let given = mass - masses[atom]
            guard given >= 0 else {
                throw SimulationError(
                    .invalidSetting,
                    "hydrogen_mass: atom \(atom + 1) (H) has \(masses[atom]) amu already; expected more than that, found "
                        + "\(mass) amu.")
            }
            masses[atom] = mass
            masses[other] -= given
        }
        if let atom = bonded.values.sorted().first(where: { masses[$0] < mass }) {
            throw SimulationError(
                .invalidSetting,
                "hydrogen_mass: atom \(atom + 1) (\(elements[atom])) would be left with \(masses[atom]) amu, less than its "
                    + "hydrogen; expected a smaller hydrogen_mass.")
        }
        return masses
    }
}
