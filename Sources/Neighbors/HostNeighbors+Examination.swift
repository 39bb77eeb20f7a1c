import Atoms

extension HostNeighbors {
    /// What tells one list of a host's from the next.
    public struct Size: Equatable, Sendable {
        let atoms: Int
        let ghosts: Int
        let pairs: Int64
    }

    public var size: Size { Size(atoms: atoms, ghosts: ghosts, pairs: atoms == 0 ? 0 : first[atoms]) }

    /// Looks for lists that give wrong energies without any other sign: pairs that are given in one direction only or
    /// twice, and owners that are no copies. Indices must have been checked. Once for a list is enough: it looks at
    /// each pair and takes memory.
    ///
    /// Two local atoms have the same distance to the bit from either side, so that both directions are within the
    /// cutoff, or none is; for ghosts, whose positions are rounded, nothing can be said.
    ///
    /// - Throws: `NeighborError` that names an atom.
    public func examine(elements: UnsafePointer<Int32>, cutoff: Double) throws {
        /// The last atom that listed this one.
        var lister = [Int32](repeating: -1, count: atoms + ghosts)
        /// How often it lists local atoms, less how often these list it.
        var balance = [Int32](repeating: 0, count: atoms)
        for i in 0..<atoms {
            for k in Int(first[i])..<Int(first[i + 1]) {
                let j = Int(neighbors[k])
                guard lister[j] != Int32(i) else {
                    throw NeighborError(
                        code: .index, message: "expected each pair once, found \(name(j)) twice at atom \(i + 1)")
                }
                if lister[j] < 0, let owners { try examine(owners, of: j, elements) }
                lister[j] = Int32(i)
                guard j < atoms, distanceSquare(i, j) < cutoff * cutoff else { continue }
                guard j != i else {
                    throw NeighborError(
                        code: .index, message: "expected neighbours of atom \(i + 1), found the atom itself")
                }
                balance[i] += 1
                balance[j] -= 1
            }
        }
        if let atom = balance.firstIndex(where: { $0 != 0 }) {
            throw NeighborError(
                code: .index,
                message:
                    "expected all pairs in both directions (a full list), found pairs of atom \(atom + 1) in one direction only"
            )
        }
    }

    /// What a neighbour's owner must be.
    private func examine(
        _ owners: UnsafePointer<Int32>, of index: Int, _ elements: UnsafePointer<Int32>
    ) throws {
        let owner = Int(owners[index])
        // Of pairs beyond the cutoff nobody has looked at the owner.
        guard owner >= 0, owner < atoms + ghosts else { return }
        guard index >= atoms || owner == index else {
            throw NeighborError(
                code: .index, message: "expected \(name(index)) to stand for itself, found the owner \(owner)")
        }
        guard elements[owner] == elements[index] else {
            throw NeighborError(
                code: .index,
                message:
                    "expected the owner of \(name(index)) to be of the same element (\(elements[index])), found \(name(owner)) (\(elements[owner]))"
            )
        }
        guard Int(owners[owner]) == owner else {
            throw NeighborError(
                code: .index,
                message:
                    "expected an owner of \(name(index)) that stands for itself, found \(name(owner)), whose owner is \(owners[owner])"
            )
        }
    }

    private func name(_ index: Int) -> String {
        index < atoms ? "atom \(index + 1)" : "ghost \(index - atoms + 1)"
    }

    private func distanceSquare(_ i: Int, _ j: Int) -> Double {
        var square = 0.0
        for k in 0..<3 {
            let difference = positions[3 * j + k] - positions[3 * i + k]
            square += difference * difference
        }
        return square
    }
}
