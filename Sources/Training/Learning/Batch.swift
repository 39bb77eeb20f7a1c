import Atoms
import Neighbors
import Programs

/// A few structures side by side, as a program sees them.
struct Batch {
    let items: [DataSet.Item]
    let species: [Int32]
    let structureOfAtom: [Int32]
    let edges: EdgeList
    var atoms: Int { species.count }

    init(_ items: [DataSet.Item]) {
        self.items = items
        species = items.flatMap(\.species)
        structureOfAtom = items.enumerated().flatMap { index, item in
            Array(repeating: Int32(index), count: item.species.count)
        }
        edges = EdgeList(joining: items.map(\.edges))
    }

    func withGraph<R>(_ body: (Graph) throws -> R) rethrows -> R {
        try Graph.with(
            species: species, structureOfAtom: structureOfAtom, structures: items.count, edges: edges, body)
    }
}
