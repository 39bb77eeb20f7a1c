import Atoms
import ExecutorTesting
import TestSupport

@testable import Neighbors
@testable import Programs

/// Atoms in open space with all pairs within a cutoff, in one or more structures.
struct RandomGraph {
    var positions: [SIMD3<Double>]
    var species: [Int32]
    var structureOfAtom: [Int32]
    var structures: Int
    let cutoff: Double

    init(atoms: Int, structures: Int = 1, species kinds: Int = 2, cutoff: Double = 3, seed: UInt64 = 1) {
        var random = SplitMix64(seed)
        positions = (0..<atoms).map { _ in
            SIMD3((0..<3).map { _ in Double.random(in: 0..<2.4, using: &random) })
        }
        species = (0..<atoms).map { _ in Int32.random(in: 0..<Int32(kinds), using: &random) }
        structureOfAtom = (0..<atoms).map { Int32($0 * structures / max(atoms, 1)) }
        self.structures = structures
        self.cutoff = cutoff
    }

    /// Calls `body` with the graph, whose edges are those of `edges(strain:hasGhosts:)`.
    func withGraph<R>(strain: [[Double]] = [], hasGhosts: Bool = false, _ body: (Graph) throws -> R) rethrows -> R {
        try Graph.with(
            species: hasGhosts ? species + species : species, structureOfAtom: structureOfAtom,
            structures: structures, edges: edges(strain: strain, hasGhosts: hasGhosts), body)
    }

    /// All directed edges; `strain` moves every vector r to r(1 + ε) of its structure. Each atom i may have a ghost n +
    /// i, which every other edge comes from.
    func edges(strain: [[Double]] = [], hasGhosts: Bool = false) -> EdgeList {
        var list = EdgeList()
        list.atomCount = positions.count
        list.ghostCount = hasGhosts ? positions.count : 0
        list.offsets = [0]
        for i in positions.indices {
            for j in positions.indices where i != j && structureOfAtom[i] == structureOfAtom[j] {
                var r = positions[j] - positions[i]
                guard (r * r).sum().squareRoot() < cutoff else { continue }
                if !strain.isEmpty {
                    let e = strain[Int(structureOfAtom[i])]
                    r += SIMD3((0..<3).map { b in (0..<3).reduce(0.0) { $0 + r[$1] * e[3 * $1 + b] } })
                }
                list.receivers.append(Int32(i))
                list.sources.append(Int32(hasGhosts && (i + j) % 2 == 0 ? positions.count + j : j))
                list.x.append(r.x)
                list.y.append(r.y)
                list.z.append(r.z)
            }
            list.offsets.append(Int32(list.sources.count))
        }
        list.transposed = list.sources.indices.map(Int32.init)
            .sorted { (list.sources[Int($0)], $0) < (list.sources[Int($1)], $1) }
        list.transposedOffsets = [0]
        for j in 0..<list.sourceCount {
            list.transposedOffsets.append(
                list.transposedOffsets.last! + Int32(list.sources.count { $0 == Int32(j) }))
        }
        return list
    }
}
