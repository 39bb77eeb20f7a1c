import Atoms
import Interactions

/// The path of least energy between two structures, and the barrier on it. All images are evaluated in one call.
///
///     let path = try InitialPath(from: start, to: end, images: 7, .idpp)
///     let band = try NudgedElasticBand(evaluator, settings: settings).run(path)
public struct NudgedElasticBand {
    public let evaluator: Evaluator
    public let settings: BandSettings

    public init(_ evaluator: Evaluator, settings: BandSettings) {
        self.evaluator = evaluator
        self.settings = settings
    }

    /// - Parameter progress: called after each iteration with its number, the largest force of the band and the height
    ///   of the highest image over the first.
    /// - Throws: where a structure cannot be evaluated, with its number in the path.
    public func run(_ path: InitialPath, progress: (BandProgress) -> Void = { _ in }) throws -> RelaxedBand {
        precondition(path.images.count >= 3, "expected an image between the ends")
        let ends = try evaluator.evaluate([path.images[0], path.images[path.images.count - 1]])
        var band = ElasticBand(path.images, ends: (ends[0], ends[1]), settings: settings)
        var evaluations = 2
        let outcome = try band.relax { band, iteration in
            progress(
                BandProgress(
                    iteration: iteration, largestForce: band.largestForces.max() ?? 0,
                    height: (band.results.map(\.energy).max() ?? 0) - band.results[0].energy))
        } evaluate: { structures in
            evaluations += structures.count
            do {
                return try evaluator.evaluate(structures)
            } catch let error as StructureEvaluationError {
                throw StructureEvaluationError(index: error.index + 1, cause: error.cause)
            }
        }
        return RelaxedBand(band, outcome, evaluations: evaluations)
    }
}

public struct BandProgress: Sendable {
    public var iteration: Int
    /// eV/Å
    public var largestForce: Double
    /// eV
    public var height: Double
}
