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
    private let evaluator: Evaluator
    private let lock = NSLock()
    private var result = InteractionResult()
    /// Of the last structure.
    private var numbers: [Int32] = []
    private var elements: [Element] = []
    private var positions: [SIMD3<Double>] = []
    /// Of hosts that have neighbours of their own.
    private var hostEdges = EdgeList()
    /// Atoms, ghosts and length of the host's list that was looked at last.
    private var examined: HostNeighbors.Size?
    private var last = Last.own

    /// Where the edges of the last call are; of several structures what is too close in them is already known.
    private enum Last {
        case own
        case host
        case many(ClosePairs)
    }

    typealias ClosePairs = (count: Int, worst: MinimumDistances.Violation?)

    init(_ potential: Potential, precision: Potential.Precision?, threads: Int) throws {
        self.potential = potential
        let parallelism = threads == 0 ? .allCores : Parallelism(threads: threads)
        evaluator = Evaluator(
            try potential.interaction(precision: precision, parallelism: parallelism), skin: 0.5,
            parallelism: parallelism)
    }

    private var interaction: any Interaction { evaluator.interaction }

    /// Å.
    var skin: Double {
        get { lock.withLock { evaluator.skin } }
        set { lock.withLock { evaluator.skin = newValue } }
    }

    var neighborSearches: Int { lock.withLock { evaluator.clock.rebuilds } }

    /// Energy, forces and virial of a whole structure.
    func compute(
        elements numbers: UnsafeBufferPointer<Int32>, positions coordinates: UnsafeBufferPointer<Double>, cell: Cell?,
        into target: inout apus_result
    ) throws {
        try lock.withLock {
            try place(numbers, coordinates)
            last = .own
            result.wantsAtomicVirials = target.atomic_virials != nil
            result.wantsProperties = false
            try evaluator.evaluate(elements: elements, positions: positions, cell: cell, into: &result)
            Self.store(result, atoms: numbers.count, in: &target)
        }
    }

    /// The same, with other properties.
    func compute(
        elements numbers: UnsafeBufferPointer<Int32>, positions coordinates: UnsafeBufferPointer<Double>, cell: Cell?,
        charge: Double, into target: UnsafeMutablePointer<apus_result>?,
        _ places: [(property: Property, values: UnsafeMutablePointer<Double>)]
    ) throws {
        try lock.withLock {
            if target != nil { try potential.requireEnergies(for: "an apus_result") }
            let absent = places.map(\.property).filter { !potential.properties.contains($0) }
            guard absent.isEmpty else {
                throw Failure.argument(
                    "the potential predicts \(potential.properties.map(\.name).joined(separator: ", ")), and no \(absent.map(\.name).joined(separator: ", "))"
                )
            }
            try place(numbers, coordinates)
            last = .own
            result.wantsAtomicVirials = target?.pointee.atomic_virials != nil
            result.wantsProperties = true
            try evaluator.evaluate(
                elements: elements, positions: positions, cell: cell, charge: charge, into: &result)
            for (property, values) in places {
                guard let found = numbersFound(of: property, cell) else {
                    throw Failure(
                        APUS_ERROR_STRUCTURE,
                        property == .stress
                            ? "expected a cell that repeats in all directions for the stress"
                            : "expected a molecule for \(property), found a structure that repeats: a crystal has no \(property)"
                    )
                }
                values.update(from: found, count: found.count)
            }
            if let target { Self.store(result, atoms: numbers.count, in: &target.pointee) }
        }
    }

    /// The Hessian of a whole structure times directions, `[direction][atom][3]`.
    func hessian(
        elements numbers: UnsafeBufferPointer<Int32>, positions coordinates: UnsafeBufferPointer<Double>, cell: Cell?,
        times directions: UnsafeBufferPointer<Double>, into products: UnsafeMutableBufferPointer<Double>
    ) throws {
        try lock.withLock {
            try potential.requireEnergies(for: "a Hessian")
            try place(numbers, coordinates)
            let count = numbers.count
            guard count > 0 else { return }
            let vectors = stride(from: 0, to: directions.count, by: 3 * count).map { first in
                (0..<count).map { atom in
                    let place = first + 3 * atom
                    return SIMD3(directions[place], directions[place + 1], directions[place + 2])
                }
            }
            let structure = Structure(elements: elements, positions: positions, cell: cell)
            let found = try evaluator.hessian(of: structure, times: vectors, method: .analytic).products
            for (k, vector) in found.joined().enumerated() {
                for axis in 0..<3 { products[3 * k + axis] = vector[axis] }
            }
        }
    }

    /// Of the last structure, whatever way the result holds it; `nil` where it means nothing.
    private func numbersFound(of property: Property, _ cell: Cell?) -> [Double]? {
        switch property {
        case .energy: [result.energy]
        case .forces: result.forces.flatMap { [$0.x, $0.y, $0.z] }
        case .stress: cell.flatMap { $0.isFullyPeriodic ? $0.stress(ofVirial: result.virial).elements : nil }
        default: result.properties[property]
        }
    }

    /// Takes the atoms of a call.
    private func place(
        _ numbers: UnsafeBufferPointer<Int32>, _ coordinates: UnsafeBufferPointer<Double>
    ) throws {
        try setElements(numbers)
        if positions.count != numbers.count { positions = Array(repeating: .zero, count: numbers.count) }
        for i in positions.indices {
            positions[i] = SIMD3(coordinates[3 * i], coordinates[3 * i + 1], coordinates[3 * i + 2])
        }
    }

    /// The same for unrelated structures.
    func compute(_ structures: [Structure], into targets: UnsafeMutableBufferPointer<apus_result>) throws {
        try lock.withLock {
            let limits = interaction.minimumDistances
            var (close, first, starts): (ClosePairs, Int, [Int]) = ((0, nil), 0, [])
            for structure in structures {
                starts.append(first)
                first += structure.count
            }
            let results = try evaluator.evaluate(
                structures, wantsAtomicVirials: targets.contains { $0.atomic_virials != nil }
            ) { index, edges in
                guard let limits else { return }
                let found = Self.closePairs(in: edges, of: structures[index].elements, limits)
                close.count += found.count
                guard var worst = found.worst else { return }
                worst.atoms = (worst.atoms.0 + starts[index], worst.atoms.1 + starts[index])
                if close.worst.map({ worst.distance / worst.limit < $0.distance / $0.limit }) ?? true {
                    close.worst = worst
                }
            }
            last = .many(close)
            for (index, result) in results.enumerated() {
                Self.store(result, atoms: structures[index].count, in: &targets[index])
            }
        }
    }

    /// The same for the atoms of a host with neighbours of its own.
    func compute(_ host: apus_neighbors, _ exchange: apus_exchange?, into target: inout apus_result) throws {
        try lock.withLock {
            let keepsGhosts = exchange != nil || potential.configuration.architecture.layers == 1
            let atoms = Int(host.atoms)
            try takeEdges(of: host, keepsGhosts: keepsGhosts)
            result.wantsAtomicVirials = target.atomic_virials != nil
            result.wantsProperties = false
            let hostExchange = exchange.map(HostExchange.init)
            let outcome = Result {
                try evaluator.evaluate(
                    Configuration(ofHost: self.elements, edges: hostEdges), exchange: hostExchange?.exchange,
                    into: &result)
            }
            try hostExchange?.check()
            try outcome.get()
            Self.store(result, atoms: atoms, in: &target)
            if !keepsGhosts {
                // All that ghosts feel has gone to their atoms.
                target.forces?.advanced(by: 3 * atoms).update(repeating: 0, count: 3 * Int(host.ghosts))
                target.atomic_virials?.advanced(by: 9 * atoms).update(repeating: 0, count: 9 * Int(host.ghosts))
            }
        }
    }

    /// The virials of atoms that make the heat flux with their velocities, `[atom][9]` in eV, of a host that holds all
    /// atoms.
    func centroidVirials(_ host: apus_neighbors, into virials: UnsafeMutablePointer<Double>) throws {
        try lock.withLock {
            try takeEdges(of: host, keepsGhosts: false)
            let configuration = Configuration(ofHost: elements, edges: hostEdges)
            guard let found = try interaction.centroidVirials(of: configuration) else {
                throw Failure(APUS_ERROR_OTHER, "this potential does not know how energy flows between atoms")
            }
            for (i, virial) in found.enumerated() { Self.store(virial, at: virials + 9 * i) }
        }
    }

    /// Edges and elements of a host's atoms.
    private func takeEdges(of host: apus_neighbors, keepsGhosts: Bool) throws {
        let (atoms, count) = (Int(host.atoms), Int(host.atoms) + Int(host.ghosts))
        // Where there is nothing, there need be nothing to point to.
        let first = try given(host.first, mayBeAbsent: atoms == 0, "first neighbours")
        let list = HostNeighbors(
            atoms: atoms, ghosts: Int(host.ghosts),
            positions: try given(host.positions, mayBeAbsent: count == 0, "positions"), first: first,
            neighbors: try given(
                host.neighbors, mayBeAbsent: atoms == 0 || first[atoms] == 0, "neighbours"),
            owners: host.owners, keepsGhosts: keepsGhosts)
        let elements = try given(host.elements, mayBeAbsent: count == 0, "elements")
        try hostEdges.update(from: list, cutoff: interaction.cutoff, evaluator.parallelism)
        last = .host
        if list.size != examined {
            try list.examine(elements: elements, cutoff: interaction.cutoff)
            examined = list.size
        }
        try setElements(UnsafeBufferPointer(start: elements, count: keepsGhosts ? count : atoms))
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

    private static func store(_ result: InteractionResult, atoms: Int, in target: inout apus_result) {
        target.energy = result.energy
        withUnsafeMutablePointer(to: &target.virial) { tuple in
            tuple.withMemoryRebound(to: Double.self, capacity: 9) { store(result.virial, at: $0) }
        }
        target.atomic_energies?.update(from: result.atomicEnergies, count: result.atomicEnergies.count)
        if let forces = target.forces {
            for (i, force) in result.forces.enumerated() {
                (forces[3 * i], forces[3 * i + 1], forces[3 * i + 2]) = (force.x, force.y, force.z)
            }
        }
        if let virials = target.atomic_virials {
            for (i, virial) in result.atomicVirials.enumerated() { store(virial, at: virials + 9 * i) }
        }
        target.energy_deviation = result.deviation?.energy ?? 0
        if let deviations = target.force_deviations {
            for i in 0..<atoms { deviations[i] = result.deviation?.forces[i] ?? 0 }
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
    var closePairs: ClosePairs {
        lock.withLock {
            if case .many(let pairs) = last { return pairs }
            let edges = if case .host = last { hostEdges } else { evaluator.neighbors.edges }
            guard let limits = interaction.minimumDistances, elements.count >= edges.sourceCount else {
                return (0, nil)
            }
            return Self.closePairs(in: edges, of: elements, limits)
        }
    }

    private static func closePairs(
        in edges: EdgeList, of elements: [Element], _ limits: MinimumDistances
    ) -> ClosePairs {
        let count = limits.violations(in: edges, of: elements)
        // Both directions of a pair are edges, unless a ghost's atom is elsewhere.
        return ((count + 1) / 2, count == 0 ? nil : limits.worstViolation(in: edges, of: elements))
    }

    // MARK: Sizes

    /// Bytes for a structure of this size, with these many edges.
    func memoryEstimate(atoms: Int, edges: Int) -> Double {
        lock.withLock {
            let network = interaction.memoryEstimate(atoms: atoms, edges: edges)
            // Edges, candidates within the skin, and two positions and images for each atom.
            let candidates = Double(edges) * pow(1 + evaluator.skin / interaction.cutoff, 3)
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
