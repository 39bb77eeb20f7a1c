import Atoms
import CPUExecutor
import Compute
import Layers
import Models
import Potentials
import Programs
import Settings

/// What steps of training take: loss and gradient of one batch, and the change of the weights.
public struct TrainingPace: Sendable {
    /// Of each step.
    public var seconds: [Double]
    /// In one step, counted as `Program.operationCount` does.
    public var operations: Double
    public var memoryBytes: Int
    /// Seconds in each instruction over all steps, with its name.
    public var profile: [(name: String, seconds: Double)]
}

extension Potential {
    /// Takes steps by the settings that the potential was trained with. For benchmarks; the potential stays as it is.
    ///
    /// - Parameter structures: the batch, with the labels of the loss.
    /// - Throws: `SettingsError` when the potential does not hold its settings.
    public func measureTraining(
        on structures: [Structure], steps: Int, isProfiling: Bool = false, parallelism: Parallelism
    ) throws -> TrainingPace {
        let settings = try TrainingSettings(
            Settings(text: provenance.trainingConfiguration, named: "the potential's trainingConfiguration"))
        let model = try Model(configuration)
        let data = try DataSet(structures, for: configuration, parallelism: parallelism)
        func measure<T: ExecutableScalar>(_: T.Type) throws -> TrainingPace {
            let trainer = Trainer<T>(
                settings, model, parameters, seed: settings.seed, training: data, validation: data,
                parallelism: parallelism)
            let batch = Batch(try data.items(0..<data.count, parallelism))
            // Two steps give every buffer its size.
            let seconds: [Double] = (-2..<steps).compactMap { step in
                if step == 0 { trainer.executor.isProfiling = isProfiling }
                let watch = Stopwatch()
                _ = trainer.update(batch)
                return step < 0 ? nil : watch.seconds
            }
            let count = trainer.executor.program.operationCount(
                atoms: batch.atoms, edges: batch.edges.count, structures: structures.count, weightsChange: true)
            return TrainingPace(
                seconds: seconds, operations: count.total, memoryBytes: trainer.executor.memoryBytes,
                profile: trainer.executor.profile)
        }
        return (settings.precision ?? precision) == .float64 ? try measure(Double.self) : try measure(Float.self)
    }
}
