import Atoms
import Compute
import Network
import Programs
import Settings

extension Potential {
    /// The seconds that each of some training steps takes, by the settings that the potential was trained with: loss
    /// and gradient of one batch, and the change of the weights. For benchmarks; the potential stays as it is.
    ///
    /// - Parameter structures: the batch, with the labels of the loss.
    /// - Throws: `SettingsError` when the potential does not hold its settings.
    public func measureTraining(on structures: [Structure], steps: Int, parallelism: Parallelism) throws -> [Double] {
        let settings = try TrainingSettings(
            Settings(text: provenance.trainingConfiguration, named: "the potential's trainingConfiguration"))
        let model = try NequIPModel(configuration)
        let data = try DataSet(structures, for: configuration, parallelism: parallelism)
        func measure<T: ExecutableScalar>(_: T.Type) throws -> [Double] {
            let trainer = Trainer<T>(settings, model, training: data, validation: data, parallelism: parallelism)
            let batch = Batch(data.items)
            // Two steps give every buffer its size.
            return try (-2..<steps).compactMap { step in
                let watch = Stopwatch()
                _ = try trainer.update(batch)
                return step < 0 ? nil : watch.seconds
            }
        }
        return settings.precision == .float64 ? try measure(Double.self) : try measure(Float.self)
    }
}
