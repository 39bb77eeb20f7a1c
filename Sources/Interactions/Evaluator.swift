import Atoms
import Compute
import Neighbors

/// Positions in, energies and forces out: an interaction with the neighbour list, the work space and the clock that it
/// needs. Whatever evaluates a potential (a simulation, a server, a host, errors on data) goes through one.
///
///     let evaluator = Evaluator(try potential.interaction(), skin: 0.5)
///     try evaluator.evaluate(elements: elements, positions: positions, cell: cell, into: &result)
///
/// One call at a time. Moving atoms share one Verlet list; unrelated structures go together into `evaluate(_:)`.
public final class Evaluator {
    public let interaction: any Interaction
    public let parallelism: Parallelism
    public private(set) var neighbors: VerletList
    public private(set) var clock = EvaluationClock()
    private let watch = ContinuousClock()

    /// Atoms and edges that are evaluated together, at most, when structures are small: enough to keep all cores busy.
    private static let batch = (atoms: 4096, edges: 400_000)

    /// - Parameter skin: of the Verlet list, Å. With 0 neighbours are found anew whenever something has moved.
    public init(_ interaction: any Interaction, skin: Double = 0, parallelism: Parallelism) {
        self.interaction = interaction
        self.parallelism = parallelism
        neighbors = VerletList(cutoffs: Cutoffs(interaction.cutoff), skin: skin, parallelism: parallelism)
    }

    /// Å. Another skin begins another list.
    public var skin: Double {
        get { neighbors.skin }
        set {
            guard newValue != neighbors.skin else { return }
            neighbors = VerletList(cutoffs: neighbors.cutoffs, skin: newValue, parallelism: parallelism)
        }
    }

    /// Energies and forces of atoms at these positions (Å). Nothing is allocated once the sizes are known.
    ///
    /// - Parameters:
    ///   - charge: of the structure, e.
    ///   - inspect: sees the edges before the interaction does, and may throw.
    /// - Throws: `NeighborError`, `InteractionError`, and what `inspect` throws.
    public func evaluate(
        elements: [Element], positions: [SIMD3<Double>], cell: Cell?, charge: Double = 0,
        into result: inout InteractionResult,
        inspecting inspect: (EdgeList) throws -> Void = { _ in }
    ) throws {
        let start = watch.now
        let rebuilds = neighbors.rebuildCount
        try neighbors.update(positions: positions, cell: cell)
        try inspect(neighbors.edges)
        let listed = watch.now
        var configuration = Configuration(
            elements: elements, positions: positions, cell: cell, edges: neighbors.edges)
        configuration.charge = charge
        try interaction.evaluate(configuration, into: &result)
        clock.add(neighbors: start.duration(to: listed), forces: listed.duration(to: watch.now))
        clock.rebuilds += neighbors.rebuildCount - rebuilds
    }

    func updateNeighbors(positions: [SIMD3<Double>], cell: Cell?) throws {
        try neighbors.update(positions: positions, cell: cell)
    }

    /// Energies and forces of a host's atoms, whose neighbours it has found itself.
    ///
    /// - Parameter exchange: how rows of ghosts travel, for an interaction that sees its neighbours' neighbours.
    public func evaluate(
        _ configuration: Configuration, exchange: GhostExchange?, into result: inout InteractionResult
    ) throws {
        let start = watch.now
        interaction.ghostExchange = exchange
        defer { interaction.ghostExchange = nil }
        try interaction.evaluate(configuration, into: &result)
        clock.add(neighbors: .zero, forces: start.duration(to: watch.now))
    }

    /// Energies and forces of unrelated structures. Small ones are evaluated side by side, at the speed of a large one.
    ///
    /// - Parameter inspect: sees the edges of each structure (by its index) before the interaction does, and may throw.
    /// - Throws: a `StructureEvaluationError` that says which structure cannot be evaluated.
    public func evaluate(
        _ structures: [Structure], wantsAtomicVirials: Bool = false, wantsProperties: Bool = false,
        inspecting inspect: (Int, EdgeList) throws -> Void = { _, _ in }
    ) throws -> [InteractionResult] {
        var results: [InteractionResult] = []
        results.reserveCapacity(structures.count)
        var empty = InteractionResult()
        (empty.wantsAtomicVirials, empty.wantsProperties) = (wantsAtomicVirials, wantsProperties)
        var first = 0
        while first < structures.count {
            var (end, atoms) = (first + 1, structures[first].count)
            while end < structures.count, atoms + structures[end].count <= Self.batch.atoms {
                atoms += structures[end].count
                end += 1
            }
            results += try evaluateTogether(structures, first..<end, empty, inspect)
            first = end
        }
        return results
    }

    private func evaluateTogether(
        _ structures: [Structure], _ range: Range<Int>, _ empty: InteractionResult,
        _ inspect: (Int, EdgeList) throws -> Void
    ) throws -> [InteractionResult] {
        let start = watch.now
        let configurations = try configurations(structures, range)
        for (index, configuration) in zip(range, configurations) {
            do {
                try interaction.check(elements: configuration.elements)
                try inspect(index, configuration.edges)
            } catch {
                throw StructureEvaluationError(index: index, cause: error)
            }
        }
        let listed = watch.now
        var results: [InteractionResult] = []
        var first = 0
        while first < configurations.count {
            var (end, edges) = (first + 1, configurations[first].edges.count)
            while end < configurations.count, edges + configurations[end].edges.count <= Self.batch.edges {
                edges += configurations[end].edges.count
                end += 1
            }
            var part = [InteractionResult](repeating: empty, count: end - first)
            do {
                try interaction.evaluate(Array(configurations[first..<end]), into: &part)
            } catch {
                // One of them is to blame; alone each says what it has to say.
                for k in first..<end {
                    do {
                        try interaction.evaluate(configurations[k], into: &part[k - first])
                    } catch {
                        throw StructureEvaluationError(index: range.lowerBound + k, cause: error)
                    }
                }
            }
            results += part
            first = end
        }
        clock.add(neighbors: start.duration(to: listed), forces: listed.duration(to: watch.now), count: range.count)
        clock.rebuilds += range.count
        return results
    }

    /// Structures with their edges: large ones by all threads, small ones by a thread each.
    private func configurations(_ structures: [Structure], _ range: Range<Int>) throws -> [Configuration] {
        let cutoff = interaction.cutoff
        let outcomes: [Result<Configuration, any Error>]
        if range.count < 2 * parallelism.threads {
            outcomes = range.map { index in
                Result { try Configuration(structures[index], cutoff: cutoff, parallelism: parallelism) }
            }
        } else {
            var found = [Result<Configuration, any Error>?](repeating: nil, count: range.count)
            parallelism.update(&found, by: 1) { part, found in
                for index in part {
                    found[index - part.lowerBound] = Result {
                        try Configuration(structures[range.lowerBound + index], cutoff: cutoff)
                    }
                }
            }
            outcomes = found.map { $0! }
        }
        return try outcomes.enumerated().map { index, outcome in
            do {
                return try outcome.get()
            } catch {
                throw StructureEvaluationError(index: range.lowerBound + index, cause: error)
            }
        }
    }
}

/// Why one of several structures has no energy.
public struct StructureEvaluationError: Error, CustomStringConvertible {
    /// Of the structure, from 0.
    public let index: Int
    public let cause: any Error
    public var description: String { "structure \(index + 1): \(cause)" }
}

/// How often an evaluator was asked, and where the time went.
public struct EvaluationClock: Sendable, Equatable {
    /// Structures evaluated.
    public private(set) var evaluations = 0
    /// Times by the wall clock, s.
    public private(set) var neighbors = 0.0
    public private(set) var forces = 0.0
    /// How often candidates of a neighbour list were found anew.
    public internal(set) var rebuilds = 0

    public init() {}

    mutating func add(neighbors: Duration, forces: Duration, count: Int = 1) {
        evaluations += count
        self.neighbors += neighbors / .seconds(1)
        self.forces += forces / .seconds(1)
    }
}
