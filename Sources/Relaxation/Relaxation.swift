import Atoms
import Interactions
import Neighbors
import Symmetry

/// What a relaxation begins with.
public struct RelaxationStart: Sendable {
    public var structure: Structure
    /// The group that is kept; nil for none.
    public var group: SpaceGroup?
    /// Why the structure cannot be relaxed as it is wanted: it is told with the others' outcomes.
    public var problem: (any Error)?

    public init(_ structure: Structure, group: SpaceGroup? = nil, problem: (any Error)? = nil) {
        self.structure = structure
        self.group = group
        self.problem = problem
    }
}

/// Minimises energies of structures, with or without their cells. Many at once: those that are not done are evaluated
/// together in each step, and structures follow as others are done.
///
///     let relaxation = Relaxation(evaluator, settings: settings, energyNoise: 1e-6)
///     let relaxed = relaxation.run(structures)
public struct Relaxation {
    public let evaluator: Evaluator
    public let settings: RelaxationSettings
    /// Rounding of the energy per atom, eV.
    private let energyNoise: Double
    /// Atoms that are evaluated together at most, beyond the first structure.
    private static let batch = 8192

    /// - Parameter energyNoise: rounding of the energy per atom, eV: about 1e-6 in single precision and 1e-12 in
    ///   double.
    public init(_ evaluator: Evaluator, settings: RelaxationSettings, energyNoise: Double) {
        self.evaluator = evaluator
        self.settings = settings
        self.energyNoise = energyNoise
    }

    /// Relaxes structures of a source as they come.
    ///
    /// - Parameters:
    ///   - next: the next structure, with the group that it shall keep; nil after the last.
    ///   - progress: called after each step with those under way and the number of those that are done.
    ///   - finished: called for each structure in the order of the source.
    /// - Throws: what `next` and `finished` throw. Structures that cannot be evaluated are no errors but `failure`s.
    public func run(
        _ next: () throws -> RelaxationStart?,
        progress: (RelaxationProgress) -> Void = { _ in }, finished: (RelaxedStructure) throws -> Void
    ) throws {
        var active: [Descent] = []
        var waiting: [Int: RelaxedStructure] = [:]
        var (count, told) = (0, 0)
        var isExhausted = false
        func end(_ descent: Descent, _ outcome: RelaxedStructure) throws {
            waiting[descent.index] = outcome
            while let outcome = waiting.removeValue(forKey: told) {
                told += 1
                try finished(outcome)
            }
        }
        while true {
            var atoms = active.reduce(0) { $0 + $1.place.structure.count }
            while !isExhausted, active.isEmpty || atoms < Self.batch {
                guard let start = try next() else {
                    isExhausted = true
                    break
                }
                atoms += start.structure.count
                active.append(Descent(index: count, start: start, settings: settings))
                count += 1
            }
            guard !active.isEmpty else { return }
            let results = evaluate(active)
            var steps = active.map { (descent: $0, outcome: RelaxedStructure?.none) }
            let (settings, energyNoise) = (settings, energyNoise)
            evaluator.parallelism.update(&steps, by: 1) { range, steps in
                for k in range {
                    steps[k - range.lowerBound].outcome = steps[k - range.lowerBound].descent.absorb(
                        results[k], settings: settings, energyNoise: energyNoise)
                }
            }
            active = []
            for (descent, outcome) in steps {
                if let outcome {
                    try end(descent, finalized(outcome))
                } else {
                    active.append(descent)
                }
            }
            progress(
                RelaxationProgress(
                    finished: count - active.count, active: active.count,
                    largestForce: active.map(\.largestForce).max() ?? 0,
                    evaluations: active.map(\.evaluations).max() ?? 0))
        }
    }

    /// Relaxes these structures.
    public func run(_ structures: [Structure], groups: [SpaceGroup?]? = nil) -> [RelaxedStructure] {
        var (index, outcomes) = (0, [RelaxedStructure]())
        func next() -> RelaxationStart? {
            guard index < structures.count else { return nil }
            defer { index += 1 }
            return RelaxationStart(structures[index], group: groups?[index])
        }
        // Neither closure throws.
        do { try run(next) { outcomes.append($0) } } catch { preconditionFailure("\(error)") }
        return outcomes
    }

    /// Results of all; of those that cannot be evaluated the reason.
    private func evaluate(_ active: [Descent]) -> [Result<InteractionResult, any Error>] {
        var outcomes = [Result<InteractionResult, any Error>?](repeating: nil, count: active.count)
        for k in active.indices { if let problem = active[k].problem { outcomes[k] = .failure(problem) } }
        while true {
            let places = active.indices.filter { outcomes[$0] == nil }
            guard !places.isEmpty else { break }
            do {
                let results = try evaluator.evaluate(places.map { active[$0].place.structure })
                for (k, result) in zip(places, results) { outcomes[k] = .success(result) }
            } catch let error as StructureEvaluationError {
                outcomes[places[error.index]] = .failure(error.cause)
            } catch {
                for k in places { outcomes[k] = .failure(error) }
            }
        }
        return outcomes.map { $0! }
    }

    /// Looks at the distances that a structure has come to.
    private func finalized(_ outcome: RelaxedStructure) -> RelaxedStructure {
        guard let limits = evaluator.interaction.minimumDistances, !limits.isEmpty, outcome.structure.energy != nil,
            let edges = try? EdgeList(
                positions: outcome.structure.positions, cell: outcome.structure.cell,
                cutoffs: Cutoffs(limits.largestSquare.squareRoot()), parallelism: evaluator.parallelism)
        else { return outcome }
        var outcome = outcome
        outcome.tooClose = limits.worstViolation(in: edges, of: outcome.structure.elements)
        return outcome
    }
}

public struct RelaxationProgress: Sendable {
    public var finished: Int
    public var active: Int
    /// Among the active, eV/Å.
    public var largestForce: Double
    /// Of the active structure that has had most.
    public var evaluations: Int
}
