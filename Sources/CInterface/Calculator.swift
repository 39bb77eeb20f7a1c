import Atoms
import CApus
import CPUExecutor
import Compute
import Foundation
import Interactions
import Models
import Neighbors
import Potentials

/// A potential with what it keeps between calls: neighbours, features, work space. One call at a time.
final class Calculator {
    private let potential: Potential
    private let interaction: any Interaction
    private let parallelism: Parallelism
    private let lock = NSLock()
    private var result = InteractionResult()
    /// Of the last structure.
    private var numbers: [Int32] = []
    private var elements: [Element] = []
    private var neighbors: VerletList
    private var positions: [SIMD3<Double>] = []
    /// Of hosts that have neighbours of their own.
    private var hostEdges = EdgeList()
    /// Atoms, ghosts and length of the host's list that was looked at last.
    private var examined: HostNeighbors.Size?
    /// Whether the last structure came with neighbours of the host's.
    private var usesHostEdges = false
    private var earlierSearches = 0

    init(_ potential: Potential, precision: Potential.Precision?, threads: Int) throws {
        self.potential = potential
        parallelism = threads == 0 ? .allCores : Parallelism(threads: threads)
        interaction = try potential.interaction(precision: precision, parallelism: parallelism)
        neighbors = VerletList(cutoffs: Cutoffs(interaction.cutoff), skin: 0.5, parallelism: parallelism)
    }

    /// Å.
    var skin: Double {
        get { lock.withLock { neighbors.skin } }
        set {
            lock.withLock {
                guard newValue != neighbors.skin else { return }
                earlierSearches += neighbors.rebuildCount
                neighbors = VerletList(
                    cutoffs: Cutoffs(interaction.cutoff), skin: newValue, parallelism: parallelism)
            }
        }
    }

    var neighborSearches: Int { lock.withLock { earlierSearches + neighbors.rebuildCount } }

    /// Energy, forces and virial of a whole structure.
    func compute(
        elements numbers: UnsafeBufferPointer<Int32>, positions coordinates: UnsafeBufferPointer<Double>, cell: Cell?,
        into target: inout apus_result
    ) throws {
        try lock.withLock {
            try setElements(numbers)
            if positions.count != numbers.count { positions = Array(repeating: .zero, count: numbers.count) }
            for i in positions.indices {
                positions[i] = SIMD3(coordinates[3 * i], coordinates[3 * i + 1], coordinates[3 * i + 2])
            }
            try neighbors.update(positions: positions, cell: cell)
            usesHostEdges = false
            try evaluate(neighbors.edges, exchange: nil, into: &target)
        }
    }

    /// The same for the atoms of a host with neighbours of its own.
    func compute(_ host: apus_neighbors, _ exchange: apus_exchange?, into target: inout apus_result) throws {
        try lock.withLock {
            let keepsGhosts = exchange != nil || potential.configuration.numLayers == 1
            let count = Int(host.atoms) + Int(host.ghosts)
            let atoms = Int(host.atoms)
            // Where there is nothing, there need be nothing to point to.
            let first = try given(host.first, mayBeAbsent: atoms == 0, "first neighbours")
            let list = HostNeighbors(
                atoms: atoms, ghosts: Int(host.ghosts),
                positions: try given(host.positions, mayBeAbsent: count == 0, "positions"), first: first,
                neighbors: try given(
                    host.neighbors, mayBeAbsent: atoms == 0 || first[atoms] == 0, "neighbours"),
                owners: host.owners, keepsGhosts: keepsGhosts)
            let elements = try given(host.elements, mayBeAbsent: count == 0, "elements")
            try hostEdges.update(from: list, cutoff: interaction.cutoff, parallelism)
            usesHostEdges = true
            if list.size != examined {
                try list.examine(elements: elements, cutoff: interaction.cutoff)
                examined = list.size
            }
            try setElements(UnsafeBufferPointer(start: elements, count: keepsGhosts ? count : atoms))
            try evaluate(hostEdges, exchange: exchange, into: &target)
            if !keepsGhosts {
                // All that ghosts feel has gone to their atoms.
                target.forces?.advanced(by: 3 * atoms).update(repeating: 0, count: 3 * Int(host.ghosts))
                target.atomic_virials?.advanced(by: 9 * atoms).update(repeating: 0, count: 9 * Int(host.ghosts))
            }
        }
    }

    private func setElements(_ numbers: UnsafeBufferPointer<Int32>) throws {
        guard !numbers.elementsEqual(self.numbers) else { return }
        self.numbers = []
        elements = try numbers.enumerated().map { index, number in
            guard let element = Element(atomicNumber: Int(number)) else {
                throw Failure(
                    APUS_ERROR_ELEMENT, "expected atomic numbers of elements, found \(number) at atom \(index + 1)")
            }
            return element
        }
        try interaction.check(elements: elements)
        self.numbers = Array(numbers)
    }

    private func evaluate(_ edges: EdgeList, exchange: apus_exchange?, into target: inout apus_result) throws {
        let host = exchange.map(HostExchange.init)
        interaction.ghostExchange = host?.exchange
        result.wantsAtomicVirials = target.atomic_virials != nil
        let outcome = Result { try interaction.evaluate(elements: elements, edges: edges, into: &result) }
        try host?.check()
        try outcome.get()
        target.energy = result.energy
        withUnsafeMutablePointer(to: &target.virial) { tuple in
            tuple.withMemoryRebound(to: Double.self, capacity: 9) { Self.store(result.virial, at: $0) }
        }
        target.atomic_energies?.update(from: result.atomicEnergies, count: result.atomicEnergies.count)
        if let forces = target.forces {
            for (i, force) in result.forces.enumerated() {
                (forces[3 * i], forces[3 * i + 1], forces[3 * i + 2]) = (force.x, force.y, force.z)
            }
        }
        if let virials = target.atomic_virials {
            for (i, virial) in result.atomicVirials.enumerated() { Self.store(virial, at: virials + 9 * i) }
        }
        target.energy_deviation = result.deviation?.energy ?? 0
        if let deviations = target.force_deviations {
            for i in 0..<edges.atomCount { deviations[i] = result.deviation?.forces[i] ?? 0 }
        }
        if let energies = target.member_energies {
            if result.memberEnergies.isEmpty { energies[0] = result.energy }
            for (member, energy) in result.memberEnergies.enumerated() { energies[member] = energy }
        }
    }

    /// The nine numbers of a tensor, row by row.
    private static func store(_ matrix: Matrix3, at place: UnsafeMutablePointer<Double>) {
        let rows = matrix.rows
        (place[0], place[1], place[2]) = (rows.0.x, rows.0.y, rows.0.z)
        (place[3], place[4], place[5]) = (rows.1.x, rows.1.y, rows.1.z)
        (place[6], place[7], place[8]) = (rows.2.x, rows.2.y, rows.2.z)
    }

    /// How many pairs of the last structure are closer than in the training data, and the worst of them.
    var closePairs: (count: Int, worst: MinimumDistances.Violation?) {
        lock.withLock {
            let edges = usesHostEdges ? hostEdges : neighbors.edges
            guard let limits = interaction.minimumDistances, elements.count >= edges.sourceCount else {
                return (0, nil)
            }
            let count = limits.violations(in: edges, of: elements)
            // Both directions of a pair are edges, unless a ghost's atom is elsewhere.
            return ((count + 1) / 2, count == 0 ? nil : limits.worstViolation(in: edges, of: elements))
        }
    }

    // MARK: Sizes

    /// Bytes for a structure of this size, with these many edges.
    func memoryEstimate(atoms: Int, edges: Int) -> Double {
        lock.withLock {
            let network = interaction.memoryEstimate(atoms: atoms, edges: edges)
            // Edges, candidates within the skin, and two positions and images for each atom.
            let candidates = Double(edges) * pow(1 + neighbors.skin / interaction.cutoff, 3)
            return network + 40 * Double(edges) + 8 * candidates + 200 * Double(atoms)
        }
    }

    /// Bytes of the longest row that is exchanged.
    var exchangeBytes: Int { interaction.longestExchange }
}

/// A host's functions as what a program asks for, with a note of their failure: after it they are not called again.
private final class HostExchange {
    private let host: apus_exchange
    private var status: CInt = 0

    init(_ host: apus_exchange) { self.host = host }

    var exchange: GhostExchange {
        GhostExchange(fill: { self.call(self.host.fill_ghosts, $0) }, add: { self.call(self.host.add_ghosts, $0) })
    }

    private func call(
        _ function: (@convention(c) (UnsafeMutableRawPointer?, apus_rows) -> CInt)?, _ rows: GhostExchange.Rows
    ) {
        guard status == 0, let function else { return }
        status = function(
            host.host,
            apus_rows(data: rows.start, scalar_bytes: CInt(rows.scalarBytes), width: CInt(rows.width)))
    }

    func check() throws {
        guard status == 0 else {
            throw Failure(APUS_ERROR_HOST, "the host's exchange of ghosts failed with \(status)")
        }
    }
}

/// A host's array; where it may be absent, a pointer that is never read.
private func given<T>(_ array: UnsafePointer<T>?, mayBeAbsent: Bool, _ name: String) throws -> UnsafePointer<T> {
    try (array ?? (mayBeAbsent ? UnsafePointer(bitPattern: 64) : nil)).orFailure(name)
}
