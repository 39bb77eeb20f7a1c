import Atoms
import CApus
import Compute
import Foundation
import Interactions
import Network
import Neighbors

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
            try evaluate(neighbors.edges, exchange: nil, into: &target)
        }
    }

    /// The same for the atoms of a host with neighbours of its own.
    func compute(_ host: apus_neighbors, _ exchange: apus_exchange?, into target: inout apus_result) throws {
        try lock.withLock {
            let keepsGhosts = exchange != nil || potential.configuration.numLayers == 1
            let count = Int(host.atoms) + Int(host.ghosts)
            let atoms = Int(host.atoms)
            // With no atoms at all there is nothing to point to.
            let nowhere = UnsafeMutablePointer<Int64>.allocate(capacity: 1)
            defer { nowhere.deallocate() }
            nowhere.pointee = 0
            let first = try host.first ?? (atoms == 0 ? UnsafePointer(nowhere) : nil).orFailure("first neighbours")
            let isEmpty = first[atoms] == 0
            let list = HostNeighbors(
                atoms: atoms, ghosts: Int(host.ghosts),
                positions: try host.positions
                    ?? (count == 0 ? UnsafePointer(bitPattern: 8) : nil).orFailure("positions"),
                first: first,
                neighbors: try host.neighbors
                    ?? (isEmpty ? UnsafePointer(bitPattern: 8) : nil).orFailure("neighbours"),
                owners: host.owners, keepsGhosts: keepsGhosts)
            let elements =
                try host.elements ?? (count == 0 ? UnsafePointer(bitPattern: 8) : nil).orFailure("elements")
            try hostEdges.update(from: list, cutoff: interaction.cutoff, parallelism)
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
        Self.copy(result.virial, to: &target.virial)
        if let energies = target.atomic_energies {
            result.atomicEnergies.withUnsafeBufferPointer { energies.update(from: $0.start, count: $0.count) }
        }
        if let forces = target.forces {
            for (i, force) in result.forces.enumerated() {
                (forces[3 * i], forces[3 * i + 1], forces[3 * i + 2]) = (force.x, force.y, force.z)
            }
        }
        if let virials = target.atomic_virials {
            for (i, virial) in result.atomicVirials.enumerated() {
                for (k, number) in virial.elements.enumerated() { virials[9 * i + k] = number }
            }
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

    private static func copy(
        _ matrix: Matrix3,
        to tuple:
            inout (
                Double, Double, Double, Double, Double, Double, Double, Double, Double
            )
    ) {
        let r = matrix.rows
        tuple = (r.0.x, r.0.y, r.0.z, r.1.x, r.1.y, r.1.z, r.2.x, r.2.y, r.2.z)
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

extension UnsafeBufferPointer {
    fileprivate var start: UnsafePointer<Element> { baseAddress ?? UnsafePointer(bitPattern: 64)! }
}
