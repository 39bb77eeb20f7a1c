import Atoms
import Foundation
import Interactions
import Neighbors

/// A structure cut into domains, each evaluated by a thread of its own that knows its atoms and their neighbours only,
/// as the ranks of LAMMPS do.
///
/// Every edge into a domain that does not come from its own atoms in the cell has a ghost of its own, so that many
/// ghosts stand for one atom: an image of an own atom points to it, copies of one foreign atom to the first of them.
final class Domains: @unchecked Sendable {
    private struct Domain {
        /// In the structure.
        var atoms: [Int]
        /// `[ghost]`, in the structure.
        var ghosts: [Int] = []
        var positions: [Double] = []
        var first: [Int64] = [0]
        var neighbors: [Int32] = []
        var owners: [Int32] = []
    }

    private let structure: Structure
    private var domains: [Domain]
    /// `[atom of the structure]` — its domain and place there.
    private var places: [(domain: Int, index: Int)]
    /// `[domain]` — the rows that are being exchanged.
    private var rows: [GhostExchange.Rows?]
    private let barrier: Barrier
    private var outcomes: [Result<InteractionResult, any Error>?] = []
    private let lock = NSLock()

    /// Domain `owner[i]` holds atom `i`.
    init(_ structure: Structure, owner: [Int], count: Int, cutoff: Double) throws {
        self.structure = structure
        let edges = try EdgeList(positions: structure.positions, cell: structure.cell, cutoffs: Cutoffs(cutoff))
        domains = (0..<count).map { domain in Domain(atoms: owner.indices.filter { owner[$0] == domain }) }
        places = owner.map { (domain: $0, index: 0) }
        for domain in domains { for (index, atom) in domain.atoms.enumerated() { places[atom].index = index } }
        rows = Array(repeating: nil, count: count)
        barrier = Barrier(count)
        for d in domains.indices {
            var domain = domains[d]
            let own = domain.atoms.count
            domain.owners = (0..<Int32(own)).map { $0 }
            for atom in domain.atoms {
                let x = structure.positions[atom]
                domain.positions += [x.x, x.y, x.z]
            }
            var representatives: [Int: Int32] = [:]
            for atom in domain.atoms {
                for edge in Int(edges.offsets[atom])..<Int(edges.offsets[atom + 1]) {
                    let source = Int(edges.sources[edge])
                    let x = structure.positions[atom] + SIMD3(edges.x[edge], edges.y[edge], edges.z[edge])
                    let ghost = Int32(own + domain.ghosts.count)
                    domain.ghosts.append(source)
                    domain.positions += [x.x, x.y, x.z]
                    domain.neighbors.append(ghost)
                    if places[source].domain == d {
                        domain.owners.append(Int32(places[source].index))
                    } else {
                        domain.owners.append(representatives[source, default: ghost])
                        representatives[source] = domain.owners.last!
                    }
                }
                domain.first.append(Int64(domain.neighbors.count))
            }
            domains[d] = domain
        }
    }

    /// What all domains together find, with forces, virials and deviations at the structure's atoms.
    func evaluate(under make: () throws -> any Interaction) throws -> InteractionResult {
        let interactions = try domains.map { _ in try make() }
        outcomes = Array(repeating: nil, count: domains.count)
        nonisolated(unsafe) let shared = interactions
        let group = DispatchGroup()
        for d in domains.indices {
            group.enter()
            Thread.detachNewThread { [self] in
                let outcome = Result { try run(d, under: shared[d]) }
                lock.withLock { outcomes[d] = outcome }
                group.leave()
            }
        }
        group.wait()
        return try gather(outcomes.map { try $0!.get() })
    }

    private func run(_ d: Int, under interaction: any Interaction) throws -> InteractionResult {
        let domain = domains[d]
        interaction.ghostExchange = GhostExchange(
            fill: { [self] in exchange(d, $0) { fill(d, $0) } }, add: { [self] in exchange(d, $0) { add(d, $0) } })
        var edges = EdgeList()
        try edges.update(
            from: HostNeighbors(
                atoms: domain.atoms.count, ghosts: domain.ghosts.count, positions: domain.positions,
                first: domain.first,
                neighbors: domain.neighbors, owners: domain.owners, keepsGhosts: true),
            cutoff: interaction.cutoff, .serial)
        var result = InteractionResult()
        result.wantsAtomicVirials = true
        let elements = (domain.atoms + domain.ghosts).map { structure.elements[$0] }
        try interaction.evaluate(Configuration(ofHost: elements, edges: edges), into: &result)
        return result
    }

    private func gather(_ parts: [InteractionResult]) -> InteractionResult {
        var whole = InteractionResult()
        whole.wantsAtomicVirials = true
        whole.reset(count: structure.count)
        whole.memberEnergies = Array(repeating: 0, count: parts[0].memberEnergies.count)
        var deviations = Array(repeating: 0.0, count: structure.count)
        for (domain, part) in zip(domains, parts) {
            whole.energy += part.energy
            whole.virial += part.virial
            for (k, atom) in (domain.atoms + domain.ghosts).enumerated() {
                whole.forces[atom] += part.forces[k]
                whole.atomicVirials[atom] += part.atomicVirials[k]
            }
            for (k, atom) in domain.atoms.enumerated() {
                whole.atomicEnergies[atom] = part.atomicEnergies[k]
                deviations[atom] = part.deviation?.forces[k] ?? 0
            }
            for member in whole.memberEnergies.indices { whole.memberEnergies[member] += part.memberEnergies[member] }
        }
        if !whole.memberEnergies.isEmpty { whole.deviation = .init(energy: 0, forces: deviations) }
        return whole
    }

    // MARK: Exchanging rows

    private func exchange(_ d: Int, _ own: GhostExchange.Rows, _ body: (GhostExchange.Rows) -> Void) {
        barrier.wait { rows[d] = own }
        body(own)
        barrier.wait {}
    }

    private func fill(_ d: Int, _ own: GhostExchange.Rows) {
        let bytes = own.width * own.scalarBytes
        for (k, atom) in domains[d].ghosts.enumerated() {
            let (domain, index) = places[atom]
            let row = domains[d].atoms.count + k
            own.start.advanced(by: row * bytes)
                .copyMemory(from: rows[domain]!.start.advanced(by: index * bytes), byteCount: bytes)
        }
    }

    private func add(_ d: Int, _ own: GhostExchange.Rows) {
        for (other, domain) in domains.enumerated() {
            for (k, atom) in domain.ghosts.enumerated() where places[atom].domain == d {
                let (from, to) = (domain.atoms.count + k, places[atom].index)
                func add<T: FloatingPoint>(_: T.Type) {
                    let x = rows[other]!.start.assumingMemoryBound(to: T.self) + from * own.width
                    let y = own.start.assumingMemoryBound(to: T.self) + to * own.width
                    for c in 0..<own.width { y[c] += x[c] }
                }
                own.scalarBytes == 4 ? add(Float.self) : add(Double.self)
            }
        }
    }
}

/// Where threads wait until all have come.
private final class Barrier: @unchecked Sendable {
    private let condition = NSCondition()
    private let count: Int
    private var waiting = 0
    private var generation = 0

    init(_ count: Int) { self.count = count }

    /// `body` runs before the thread waits, one thread at a time.
    func wait(_ body: () -> Void) {
        condition.lock()
        defer { condition.unlock() }
        body()
        let arrived = generation
        waiting += 1
        if waiting == count {
            (waiting, generation) = (0, generation + 1)
            condition.broadcast()
        }
        while generation == arrived { condition.wait() }
    }
}
