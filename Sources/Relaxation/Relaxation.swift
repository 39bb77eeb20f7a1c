import Atoms
import Interactions
import Neighbors
import Symmetry

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
        _ next: () throws -> (structure: Structure, group: SpaceGroup?)?,
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
                guard let (structure, group) = try next() else {
                    isExhausted = true
                    break
                }
                atoms += structure.count
                active.append(Descent(index: count, structure: structure, group: group, settings: settings))
                count += 1
            }
            guard !active.isEmpty else { return }
            let results = evaluate(&active)
            var left: [Descent] = []
            for (var descent, result) in zip(active, results) {
                if let outcome = descent.absorb(result, settings: settings, energyNoise: energyNoise) {
                    try end(descent, finalized(outcome))
                } else {
                    left.append(descent)
                }
            }
            active = left
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
        func next() -> (structure: Structure, group: SpaceGroup?)? {
            guard index < structures.count else { return nil }
            defer { index += 1 }
            return (structures[index], groups?[index])
        }
        // Neither closure throws.
        do { try run(next) { outcomes.append($0) } } catch { preconditionFailure("\(error)") }
        return outcomes
    }

    /// Results of all; of those that cannot be evaluated the reason.
    private func evaluate(_ active: inout [Descent]) -> [Result<InteractionResult, any Error>] {
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
