import Atoms
import Compute
import Interactions

/// Simulations that take their steps together: their structures are evaluated in one call, so that small ones fill the
/// cores. Each moves as it would alone, to the bit.
///
///     let replicas = try Replicas(count: 4, under: potential) { index, interaction in
///         try Simulation(of: structure, under: interaction, by: ensembles[index], parallelism: .serial)
///     }
///     try replicas.advance(steps: 1000, every: 10) { index, frame in … }
///
/// With an exchange their configurations change places now and then (`ReplicaExchange`).
public final class Replicas {
    public let simulations: [Simulation]
    public private(set) var exchange: ReplicaExchange?
    public let cancellation: Cancellation
    public let parallelism: Parallelism
    private let interaction: any Interaction
    private let deferred: [DeferredInteraction]
    private var progress: Pace

    /// - Parameters:
    ///   - simulation: makes one of them with the interaction that it is handed; one thread for each.
    ///   - exchange: between them, with as many temperatures.
    /// - Throws: what `simulation` throws; `SimulationError` where they cannot change places.
    public init(
        count: Int, under interaction: any Interaction, exchange: ReplicaExchange? = nil,
        cancellation: Cancellation = Cancellation(), parallelism: Parallelism = .allCores,
        _ simulation: (Int, any Interaction) throws -> Simulation
    ) throws {
        precondition(count >= 1, "expected a replica, got \(count)")
        self.interaction = interaction
        self.cancellation = cancellation
        self.parallelism = parallelism
        self.exchange = exchange
        let deferred = (0..<count).map { _ in DeferredInteraction(interaction) }
        self.deferred = deferred
        simulations = try deferred.enumerated().map { index, gate in
            try Self.naming(index) { try simulation(index, gate) }
        }
        progress = Pace(atomCount: simulations.reduce(0) { $0 + $1.motion.count })
        for gate in deferred { gate.isDeferring = true }
        try exchange?.validate(simulations)
    }

    public var step: Int { simulations[0].motion.step }

    /// Of all atoms of all replicas.
    public var pace: Pace { progress }

    /// Runs all for so many steps, or fewer when cancelled; hands over the frames of all, one after the other, whenever
    /// the number of steps since the start is a multiple of `interval`.
    ///
    /// Configurations change places before the step that follows a multiple of the exchange's interval, so that frames
    /// and checkpoints of that moment come before.
    ///
    /// - Returns: the number of steps taken.
    @discardableResult
    public func advance(
        steps: Int, every interval: Int = 1, _ report: ([Frame]) throws -> Void = { _ in },
        exchanged: (ReplicaExchange.Event) throws -> Void = { _ in }
    ) throws -> Int {
        precondition(steps >= 0 && interval >= 1, "expected steps ≥ 0 and an interval ≥ 1, got \(steps), \(interval)")
        for taken in 0..<steps {
            if cancellation.isCancelled { return taken }
            let watch = Stopwatch()
            if step > 0, let event = exchange?.exchange(simulations, step: step) { try exchanged(event) }
            try stepAll()
            progress.steps += 1
            progress.simulated = .femtoseconds(
                progress.simulated.femtoseconds + simulations[0].ensemble.timestep.femtoseconds)
            progress.total += watch.seconds
            if step.isMultiple(of: interval) { try report(simulations.map(\.frame)) }
        }
        return steps
    }

    /// Attempts at a step until all that it asks for has been answered.
    private func stepAll() throws {
        for gate in deferred { gate.begin(isNew: true) }
        var open = Array(simulations.indices)
        while true {
            open = try attempt(open)
            guard !open.isEmpty else { return }
            let watch = Stopwatch()
            do {
                let results = try interaction.evaluateTogether(open.map { deferred[$0].question! })
                for (index, result) in zip(open, results) { deferred[index].answer(result) }
            } catch let error as StructureEvaluationError {
                let index = open[error.index]
                throw SimulationError(
                    .notFinite, step: step + 1, "Replica \(index + 1), at step \(step + 1): \(error.cause)")
            }
            progress.forces += watch.seconds
            for index in open { deferred[index].begin(isNew: false) }
        }
    }

    /// Those that wait for an answer.
    private func attempt(_ open: [Int]) throws -> [Int] {
        var outcomes = [Result<Void, any Error>](repeating: .success(()), count: open.count)
        nonisolated(unsafe) let simulations = simulations
        parallelism.update(&outcomes, by: 1) { range, outcomes in
            for k in range {
                outcomes[k - range.lowerBound] = Result { try simulations[open[k]].attemptStep() }
            }
        }
        var waiting: [Int] = []
        for (index, outcome) in zip(open, outcomes) {
            do {
                try outcome.get()
            } catch is DeferredInteraction.Unanswered {
                waiting.append(index)
            } catch {
                try Self.naming(index) { throw error }
            }
        }
        return waiting
    }

    private static func naming<R>(_ index: Int, _ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch let error as SimulationError {
            throw SimulationError(error.code, step: error.step, "Replica \(index + 1): \(error.message)")
        }
    }

    /// Takes back the state of an exchange, as after a restart.
    func restore(_ state: ReplicaExchange.State?) {
        if let state { exchange?.state = state }
    }
}

extension Simulation {
    /// A step, or nothing: where the interaction throws, all is as it was.
    func attemptStep() throws {
        let before = (motion, ensemble)
        do {
            try step()
        } catch {
            (motion, ensemble) = before
            throw error
        }
    }
}
